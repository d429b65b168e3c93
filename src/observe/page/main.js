/** @import { Json } from "./model.js" */
import { now, setNow } from "./clock.js";
import { Connection } from "./connection.js";
import { countStates } from "./listing.js";
import { Model } from "./model.js";
import { Overview } from "./overview.js";
import { Table } from "./table.js";
import { Tools } from "./tools.js";

/*
 * The status page: the stream feeds the model, and what is shown is drawn from it. It reads and asks for nothing else.
 */

const model = new Model();
const overview = new Overview();
const table = new Table(remember);
const tools = new Tools(() => {
  draw();
  remember();
});
/** @type {string[]} Services that the address wants open, as long as they have not been seen. */
let unfold = tools.read(location.hash);

function draw() {
  const counts = countStates(model.services.values());
  overview.show(model, counts, now());
  tools.show(counts, model.services.size);
  table.show(model.services, tools.wish);
}

/** Puts what is chosen into the address. */
function remember() {
  const hash = tools.hash(table.open);
  history.replaceState(null, "", hash === "" ? location.pathname : `#${hash}`);
}

/** @param {Json} event */
function hear(event) {
  setNow(Date.parse(String(event["now"])));
}

const connection = new Connection({
  snapshot(event) {
    const version = model.daemon?.version;
    hear(event);
    model.replace(event);
    // Another leafd than the one that this page came from: it brings its own.
    if (version !== undefined && model.daemon?.version !== version) return location.reload();
    table.update(model.services);
    table.unfold(unfold);
    unfold = [];
    draw();
  },
  change(event) {
    hear(event);
    const changed = model.change(event);
    if (changed.length === 0 && event["daemon"] === undefined) return;
    table.update(model.services, changed);
    draw();
  },
});

connection.open();

addEventListener("hashchange", () => {
  table.unfold(tools.read(location.hash));
  draw();
});

setInterval(() => {
  if (document.hidden || model.daemon === undefined) return;
  table.tick(now());
  overview.tick(model, now());
}, 1000);
