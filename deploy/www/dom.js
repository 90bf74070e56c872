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

/* An image is fetched as soon as it is drawn, and its address could carry what was said to a stranger. So it comes from this site, or lies in the
   address itself, or is of a host that the thread allows (those have to stand in the policy of index.html, too). null: draw a link at most. */
export function safeImage(src, domains = []) {
  if (typeof src !== 'string') return null;
  if (/^data:image\//i.test(src)) return src;
  try {
    const url = new URL(src, document.baseURI);
    if (url.origin === location.origin) return url.href;
    return allowedImage(url, domains) ? url.href : null;
  } catch {
    return null;
  }
}

const allowedImage = (url, domains) => url.protocol === 'https:' && domains.some((domain) => url.hostname === domain || url.hostname.endsWith(`.${domain}`));

/* An image, or a link to one that may not be drawn, or its name alone. */
export function imageNode(src, alt, domains) {
  const link = () => {
    const href = safeHref(src);
    const name = alt || 'Image';
    return href ? el('a', { class: 'image-link', href, target: '_blank', rel: 'noopener noreferrer' }, name) : el('span', { class: 'image-link' }, name);
  };
  const address = safeImage(src, domains);
  if (!address) return link();
  const image = el('img', { src: address, alt: alt ?? '', loading: 'lazy', decoding: 'async' });
  image.addEventListener('error', () => image.replaceWith(link()), { once: true });
  return image;
}
