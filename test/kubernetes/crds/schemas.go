//go:build schemas

// Package crds keeps the types in go.mod whose schemas are made: those of the Prometheus Operator.
package crds

import _ "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
