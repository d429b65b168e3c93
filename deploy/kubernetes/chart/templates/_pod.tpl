{{/*
What a pod with leafd is made of. In the templates of a chart that depends on this one:

  template:
    metadata:
      labels: {{- include "leafd.podLabels" .Subcharts.leafd | nindent 8 }}
      annotations: {{- include "leafd.podAnnotations" .Subcharts.leafd | nindent 8 }}
    spec:
      {{- include "leafd.podSpec" .Subcharts.leafd | nindent 6 }}
      initContainers: {{- include "leafd.initContainers" .Subcharts.leafd | nindent 8 }}
      containers:
        {{- include "leafd.containers" .Subcharts.leafd | nindent 8 }}
        - name: application
          volumeMounts: {{- include "leafd.applicationMounts" .Subcharts.leafd | nindent 12 }}
      volumes: {{- include "leafd.volumes" .Subcharts.leafd | nindent 8 }}
*/}}

{{/* By the alias too, where one release has several leafds. */}}
{{- define "leafd.name" -}}
{{- $chart := kebabcase .Chart.Name -}}
{{ contains $chart .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $chart) | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "leafd.serviceAccountName" -}}
{{ .Values.serviceAccount.name | default .Release.Name }}
{{- end }}

{{- define "leafd.podLabels" -}}
leafd-sidecar: "true"
leafd-release: {{ include "leafd.name" . | quote }}
{{- end }}

{{- define "leafd.podAnnotations" -}}
{{- if .Values.scrapeAnnotations -}}
prometheus.io/scrape: "true"
prometheus.io/port: "9464"
prometheus.io/path: /metrics
{{- else -}}
{}
{{- end }}
{{- end }}

{{- define "leafd.podSpec" -}}
serviceAccountName: {{ include "leafd.serviceAccountName" . | quote }}
# The token for the API server is of no use here; Vault gets one of its own.
automountServiceAccountToken: false
securityContext:
  {{- merge (dict "runAsNonRoot" true "seccompProfile" (dict "type" "RuntimeDefault")) .Values.podSecurityContext | toYaml | nindent 2 }}
{{- end }}

{{/* leafd.yaml: what the values say, over what follows from the pod. */}}
{{- define "leafd.config" -}}
{{- $pod := dict
  "stateDir" "/state/leafd"
  "observe" (dict "listen" "0.0.0.0:9464")
  "vault" (dict "auth" (dict "kubernetes" (dict
    "mount" .Values.vault.authMount
    "role" (.Values.vault.role | default (include "leafd.serviceAccountName" .))
    "tokenFile" "/var/run/secrets/leafd/token"))) }}
{{- if .Values.vault.caConfigMap }}
{{- $_ := set $pod.vault "tls" (dict "caFile" "/etc/leafd/vault-ca.pem") }}
{{- end }}
{{- if dig "vault" "auth" dict .Values.config }}
{{- $_ := unset $pod.vault "auth" }}
{{- end }}
{{- mergeOverwrite $pod (deepCopy .Values.config) | toYaml }}
{{- end }}

{{- define "leafd.image" -}}
{{- with .Values.image -}}
{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}
{{- end }}
{{- end }}

{{- define "leafd.container" -}}
image: {{ include "leafd.image" . | quote }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{- with .Values.env }}
env: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
  seccompProfile: { type: RuntimeDefault }
resources: {{- toYaml .Values.resources | nindent 2 }}
volumeMounts:
  # A directory, without subPath: a mount with subPath never changes again.
  - { name: leafd-config, mountPath: /etc/leafd, readOnly: true }
  - { name: leafd-vault-token, mountPath: /var/run/secrets/leafd, readOnly: true }
  - { name: leafd-tls, mountPath: /tls }
  - { name: leafd-state, mountPath: /state }
{{- end }}

{{- define "leafd.daemon" -}}
command: [leafd, run]
ports: [{ name: leafd-metrics, containerPort: 9464 }]
# Fails only when a required certificate has ended or is missing; takes the pod out of its Services. 5 s, and not the one
# of the default: a node that is busy is no reason for that.
readinessProbe: { httpGet: { path: /readyz, port: 9464 }, timeoutSeconds: 5 }
# Depends neither on Vault nor on a certificate: a restart would cure neither.
livenessProbe: { httpGet: { path: /livez, port: 9464 }, timeoutSeconds: 5 }
{{- end }}

{{- define "leafd.initContainers" -}}
{{- if eq .Values.mode "native" -}}
{{- if semverCompare "<1.29.0-0" .Capabilities.KubeVersion.Version }}
{{- fail (printf "Kubernetes %s has no native sidecars, and the pod would never start: set mode: once" .Capabilities.KubeVersion.Version) }}
{{- end -}}
- name: leafd
  restartPolicy: Always
  # Succeeds when every required service has a certificate.
  startupProbe:
    httpGet: { path: /startupz, port: 9464 }
    periodSeconds: 2
    failureThreshold: {{ div .Values.startTimeoutSeconds 2 }}
  {{- include "leafd.daemon" . | nindent 2 }}
{{- else -}}
- name: leafd-once
  command: [leafd, once, --timeout, {{ int .Values.startTimeoutSeconds }}s]
{{- end }}
  {{- include "leafd.container" . | nindent 2 }}
{{- end }}

{{/* Nothing in mode native. */}}
{{- define "leafd.containers" -}}
{{- if eq .Values.mode "once" -}}
- name: leafd
  {{- include "leafd.daemon" . | nindent 2 }}
  {{- include "leafd.container" . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "leafd.applicationMounts" -}}
- { name: leafd-tls, mountPath: /tls, readOnly: true }
{{- end }}

{{- define "leafd.volumes" -}}
- name: leafd-config
  projected:
    sources:
      - configMap: { name: {{ include "leafd.name" . | quote }} }
      {{- with .Values.vault.caConfigMap }}
      - configMap: { name: {{ . | quote }} }
      {{- end }}
- name: leafd-vault-token
  projected:
    sources:
      - serviceAccountToken:
          audience: {{ .Values.vault.audience | quote }}
          expirationSeconds: {{ int .Values.vault.tokenExpirationSeconds }}
          path: token
# In memory: keys are on no disk of the node and end with the pod. Two volumes: the application mounts the pair only.
- name: leafd-tls
  emptyDir: { medium: Memory, sizeLimit: 4Mi }
- name: leafd-state
  emptyDir: { medium: Memory, sizeLimit: 16Mi }
{{- end }}
