/**
 * The wrapper of a process in which strace tampers with one system call: `injection` is what follows the name in
 * `-e inject=`, such as `error=EIO:when=3`. The process keeps its pid, so that signals reach it and not strace.
 */
export function straced(syscall: string, injection: string): readonly string[] {
  return [
    "strace",
    "-D",
    "-f",
    "--seccomp-bpf",
    "-o",
    "/dev/null",
    "-e",
    `trace=${syscall}`,
    "-e",
    `inject=${syscall}:${injection}`,
  ];
}
