/**
 * A new element. Texts become text nodes: what others wrote into a name or a message is never markup.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Readonly<Record<string, string>>} attributes
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/**
 * The element of the page with this id.
 * @param {string} id
 */
export function byId(id) {
  return ofKind(id, HTMLElement);
}

/**
 * The element with this id, which is of this kind.
 * @template {HTMLElement} Kind
 * @param {string} id
 * @param {new () => Kind} kind
 * @returns {Kind}
 */
export function ofKind(id, kind) {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`no such #${id} in index.html`);
}

/**
 * Changes the text when it is another one: the browser lays nothing out for what stays, and a screen reader is silent.
 * @param {Element} target
 * @param {string} text
 */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/**
 * @param {Element} target
 * @param {string} name
 * @param {string} value
 */
export function setAttribute(target, name, value) {
  if (target.getAttribute(name) !== value) target.setAttribute(name, value);
}

/**
 * Makes the children of `parent` these, in this order, and moves as few as it can: what stays keeps its focus.
 * @param {Element} parent
 * @param {readonly Element[]} children
 */
export function arrange(parent, children) {
  const focused = document.activeElement;
  const wanted = new Set(children);
  let at = parent.firstElementChild;
  for (const child of children) {
    // Drops what is in the way: rows that are not wanted, and one that has moved down.
    while (at !== null && at !== child && (!wanted.has(at) || at.nextElementSibling === child)) {
      const next = at.nextElementSibling;
      at.remove();
      at = next;
    }
    if (at === child) at = at.nextElementSibling;
    else parent.insertBefore(child, at);
  }
  while (at !== null) {
    const next = at.nextElementSibling;
    at.remove();
    at = next;
  }
  if (focused instanceof HTMLElement && focused !== document.activeElement && focused.isConnected)
    focused.focus({ preventScroll: true });
}
