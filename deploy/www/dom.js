/* SPDX-License-Identifier: MIT */
/* Making nodes. Nothing that a model, a tool or a user wrote is ever parsed as HTML: there is no innerHTML on this page, and an address goes through
   one of the two functions at the end before anybody is led to it or anything is fetched from it. */

export const $ = (id) => document.getElementById(id);

/* el('a', {class: 'x', href: '#'}, 'text', node): attributes that are null are left out, strings become text. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value != null) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

export const template = (id) => $(id).content.firstElementChild.cloneNode(true);

/* Tables of functions by a name that came from outside: 'constructor' is not one of them. */
export const own = (table, name) => (Object.hasOwn(table, name) ? table[name] : undefined);

/* navigator.clipboard exists on https and localhost only; the old way works everywhere. */
export async function copy(node) {
  try {
    await navigator.clipboard.writeText(node.textContent);
    return true;
  } catch {
    getSelection().selectAllChildren(node);
    return document.execCommand('copy');
  }
}

/* An address that a reader may be led to: absolute, and of a scheme that cannot run anything. */
export function safeHref(href) {
  try {
    const url = new URL(href);
    return ['http:', 'https:', 'mailto:'].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}
