/** @import { ServiceStatus } from "../../domain/status.ts" */
import { element, setText } from "./elements.js";
import { duration, relative } from "./times.js";

/*
 * The life of a certificate as a bar: filled up to now, with a mark where renewal comes due and the time to renew
 * behind it. Two texts below say the same in words.
 */

export class LifeBar {
  #track = element("span", { class: "track", "aria-hidden": "true" });
  #ends = element("span", { class: "ends" });
  #renewal = element("span", { class: "renewal" });
  #drawn = "";

  /** @param {Element} cell */
  constructor(cell) {
    this.#track.append(
      element("span", { class: "window" }),
      element("span", { class: "gone" }),
      element("span", { class: "mark" }),
    );
    cell.append(this.#track, this.#ends, " ", this.#renewal);
  }

  /**
   * @param {ServiceStatus} service
   * @param {number} now
   */
  draw({ notBefore, notAfter, due }, now) {
    this.#track.hidden = notAfter === undefined;
    if (notAfter === undefined || notBefore === undefined) {
      this.#place(0, 1);
      setText(this.#ends, "no certificate");
      setText(this.#renewal, "");
      return;
    }
    const part = (/** @type {number} */ at) => Math.min(1, Math.max(0, (at - notBefore) / (notAfter - notBefore)));
    this.#place(part(now), part(due ?? notAfter));
    setText(
      this.#ends,
      notAfter <= now ? `ended ${duration(now - notAfter)} ago` : `ends in ${duration(notAfter - now)}`,
    );
    setText(this.#renewal, due === undefined ? "" : due <= now ? "renewal is due" : `renewal ${relative(due, now)}`);
  }

  /**
   * @param {number} gone
   * @param {number} due
   */
  #place(gone, due) {
    const drawn = `${(100 * gone).toFixed(1)}% ${(100 * due).toFixed(1)}%`;
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    const [goneTo = "", dueAt = ""] = drawn.split(" ");
    this.#track.style.setProperty("--gone", goneTo);
    this.#track.style.setProperty("--due", dueAt);
  }
}
