import { printable } from "./printable.ts";

/** An event as it comes over the socket, for people: the line of the text log. Ends with a newline. */
export function eventText(line: string): string {
  const { time, level, service, msg, hint, note } = fieldsOf(line);
  if (note !== "") return printable(`(${note})`).concat("\n");
  const about = service === "" ? "" : `${service}: `;
  return `${printable(`${time} ${level.padEnd(5)} ${about}${msg}${hint === "" ? "" : ` — ${hint}`}`)}\n`;
}

type Field = "time" | "level" | "service" | "msg" | "hint" | "note";

function fieldsOf(line: string): Readonly<Record<Field, string>> {
  const members = new Map(Object.entries(parsed(line)));
  const text = (name: Field): string => {
    const value: unknown = members.get(name);
    return typeof value === "string" ? value : "";
  };
  const [msg, note] = [text("msg"), text("note")];
  const about = { time: text("time"), level: text("level"), service: text("service"), hint: text("hint") };
  return { ...about, note, msg: msg === "" && note === "" ? line : msg };
}

function parsed(line: string): object {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? value : {};
  } catch {
    return {};
  }
}
