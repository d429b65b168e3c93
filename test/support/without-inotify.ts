/** The wrapper of a process (`LeafdOptions`) in a user namespace in which nobody may have an inotify instance. */
export const WITHOUT_INOTIFY: readonly string[] = [
  "unshare",
  "--user",
  "--map-root-user",
  "sh",
  "-c",
  'echo 0 > /proc/sys/user/max_inotify_instances && exec "$@"',
  "sh",
];
