/** Building elements. Text only ever becomes text nodes, so nothing that somebody wrote can become markup. */

/**
 * An element: `on…` are listeners, `true`/`false` are attributes present or absent, the rest are attributes.
 * Children are elements, texts, or nothing (null and false are left out).
 */
export function h(tag, props = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) set(element, name, value);
  add(element, children);
  return element;
}

function set(element, name, value) {
  if (value === null || value === undefined || value === false) return;
  if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
  else if (name === 'value') element.value = value;
  else element.setAttribute(name, value === true ? '' : value);
}

function add(element, children) {
  for (const child of children.flat()) {
    if (child !== null && child !== undefined && child !== false) element.append(child);
  }
}

/** Replaces what is in an element. */
export function fill(element, ...children) {
  element.replaceChildren();
  add(element, children);
}

/** What each reconciled element shows. */
const versions = new WeakMap();

/**
 * Makes `container` show `models` in order, touching only what changed: each has a `key`; the same key and the same
 * facts keep the same element, so that focus, selection and scrolling stay where they are.
 */
export function reconcile(container, models, render) {
  const wanted = new Set(models.map((model) => model.key));
  const kept = new Map([...container.children].map((child) => [child.dataset.key, child]));
  // First, so that what stays needn't be moved around what goes: moving an element loses its focus.
  for (const [key, child] of kept) if (!wanted.has(key)) child.remove();
  let place = container.firstElementChild;
  for (const model of models) {
    const version = JSON.stringify(model);
    const old = kept.get(model.key);
    const element = old && versions.get(old) === version ? old : renewed(old, model, version, render);
    if (old && old !== element) {
      if (place === old) place = element;
      old.replaceWith(element);
    }
    if (element === place) place = place.nextElementSibling;
    else container.insertBefore(element, place);
  }
}

/** How to find an element's successor: by what it says of itself where there are several of a kind. */
function sameAs({ dataset: { focus, testid } }) {
  if (focus) return `[data-focus="${CSS.escape(focus)}"]`;
  return testid ? `[data-testid="${testid}"]` : null;
}

function renewed(old, model, version, render) {
  const element = render(model);
  element.dataset.key = model.key;
  versions.set(element, version);
  const focused = old?.contains(document.activeElement) ? sameAs(document.activeElement) : null;
  if (focused) queueMicrotask(() => element.querySelector(focused)?.focus());
  return element;
}
