/** Something that a policy has to allow. */
export interface Right {
  /** As in a request: `pki/team%20a/sign/svc`. */
  readonly path: string;
  readonly capability: "read" | "update";
  /** The file of deploy/vault/policies, without `.hcl`, out of which the bootstrap makes this rule. */
  readonly template: "sign" | "revoke" | "token" | "check" | "read-role";
}

/** The rule as a policy has it, and where the policies of the bootstrap have it from. */
export function ruleFor({ path, capability, template }: Right): string {
  return `path "${pathIn({ path })}" { capabilities = ["${capability}"] } (deploy/vault/policies/${template}.hcl)`;
}

/** The path as a policy has it: not as a URL. */
export function pathIn({ path }: Pick<Right, "path">): string {
  return decodeURIComponent(path);
}
