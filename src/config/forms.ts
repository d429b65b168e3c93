/** How a text of the configuration must look, and what to say when it does not. */
export interface Form {
  readonly pattern: RegExp;
  readonly message: string;
}

const form = (pattern: RegExp, message: string): Form => ({ pattern, message: `must be ${message}` });

/** Names of services, issuers and clusters: they become labels, directories and file names. */
export const NAME = form(
  /^[a-z0-9][a-z0-9._-]{0,62}$/,
  "a name of 1 to 63 characters: a-z, 0-9, dot, dash and underscore, the first a letter or digit",
);
export const TEXT = form(/^[^\r\n\0]{1,4096}$/, "one line of text, not empty");
export const ABSOLUTE_PATH = form(/^\/[^\r\n\0]{0,4094}$/, "an absolute path, starting with /");
/** As `parseDuration` (domain/units.ts) reads it. */
export const DURATION = form(/^(\d{1,12}(ms|s|m|h|d))+$/, "a duration with a unit, such as 90s, 24h or 3d");
/** As numbers these would lose their leading zero, or be read as decimal. */
export const MODE = form(/^[0-7]{3,4}$/, 'a file mode in quotes, three or four octal digits such as "0640"');
export const PERCENTAGE = form(/^\d{1,2}(\.\d{1,3})?%$/, 'a percentage such as "66%" or a number, from 10% to 95%');
export const ACCOUNT = form(/^[A-Za-z0-9_][\w.-]{0,63}\$?$/, "the name or the number of a user or group");
export const ADDRESS = form(/^(https?|unix):\/\/\S{1,2000}$/, "https://host[:port] or unix:///path/of/socket");
export const URL = form(/^https?:\/\/\S{1,2000}$/, "an http:// or https:// URL");
export const NAMESPACE = form(/^[^\s/]\S{0,511}$/, "the path of a namespace, without blanks");
/** A path below `v1/`, without empty and dotted segments: it must not lead to another endpoint. */
export const MOUNT = form(
  /^(?!(.*\/)?\.\.?(\/|$))[\w.-]+(\/[\w.-]+)*\/?$/,
  "the path of a mount, such as pki or team/pki",
);
export const ROLE = form(/^\w([\w.-]{0,253}\w)?$/, "a name of letters, digits, dots, dashes and underscores");
export const UNIT = form(/^[A-Za-z0-9_][\w:.@\\-]{0,254}$/, "the name of a systemd unit, such as nginx.service");
export const HEADER_NAME = form(/^[\w!#$%&'*+.^`|~-]{1,256}$/, "the name of an HTTP header");
export const HEADER_VALUE = form(/^[^\r\n\0]{0,4096}$/, "one line of text");
/** `host:port`, as `parseEndpoint` (addresses.ts) reads it. */
export const ENDPOINT = form(
  /^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[1-9]\d{0,4}$/,
  'host:port in quotes, such as "127.0.0.1:8443" or "[::1]:8443"',
);
/** What a TLS client may ask for by name (RFC 6066, 3): never an address. */
export const HOST_NAME = form(
  /^(?=.{1,253}$)(?!.*\.\d+$)(?!\d+$)\w([\w-]*\w)?(\.\w([\w-]*\w)?)*$/,
  "a host name such as web.internal; an address has no server name",
);
/** An ALPN protocol: RFC 7301, 3.1 has it 1 to 255 bytes long. */
export const PROTOCOL = form(/^[!-~]{1,255}$/, "the name of a protocol, such as h2 or http/1.1");
/** The number of fields; what may stand in each is judged by the cron of runtime/. */
export const CRON = form(
  /^[\w*,/?#-]+( +[\w*,/?#-]+){4,5}$/,
  'a cron expression in quotes: five fields such as "0 2 * * *", or six with the seconds first',
);
