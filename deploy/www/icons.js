/* SPDX-License-Identifier: MIT */
/* The icons that servers may name, drawn on 20 by 20 with one line. An icon that is not known is left out; the words beside it stay. */

const SHAPES = {
  agent: 'M5 8h10v8H5z M10 8V5 M8 12v.1 M12 12v.1 M2.5 11v2 M17.5 11v2',
  analytics: 'M4 16V9 M10 16V4 M16 16v-5',
  atom: 'M10 10v.1 M3 10a7 3 0 1 0 14 0a7 3 0 1 0-14 0 M10 3a3 7 0 1 0 0 14a3 7 0 1 0 0-14',
  batch: 'M4 7l6-3 6 3-6 3z M4 10.5l6 3 6-3 M4 14l6 3 6-3',
  bolt: 'M11 3l-6 8h4.5L9 17l6-8h-4.5z',
  'book-open': 'M10 5.5C8 4 5.5 4 3 4.5v11c2.5-.5 5-.5 7 1 2-1.5 4.5-1.5 7-1v-11c-2.5-.5-5-.5-7 1z M10 5.5v11',
  'book-closed': 'M5 4h9.5v12H6a1.5 1.5 0 0 1-1.5-1.5V5 M5 13h9.5',
  bug: 'M6.5 9a3.5 3.5 0 0 1 7 0v3.5a3.5 3.5 0 0 1-7 0z M3.5 8l3 1 M16.5 8l-3 1 M3.5 15l3-1.5 M16.5 15l-3-1.5 M8 4l1 2 M12 4l-1 2',
  calendar: 'M4 5.5h12V16H4z M4 9h12 M7 3.5v3 M13 3.5v3',
  chart: 'M4 4v12h12 M7 13l3-4 2.5 2L16 6.5',
  check: 'M4.5 10.5l3.5 3.5 7.5-8',
  'check-circle': 'M10 3a7 7 0 1 0 0 14a7 7 0 1 0 0-14 M7 10.3l2.2 2.2 4-4.5',
  'chevron-left': 'M12 5l-5 5 5 5',
  'chevron-right': 'M8 5l5 5-5 5',
  'circle-question': 'M10 3a7 7 0 1 0 0 14a7 7 0 1 0 0-14 M8 8.2a2 2 0 1 1 2.8 1.9c-.6.3-.8.6-.8 1.2 M10 13.7v.1',
  clock: 'M10 3a7 7 0 1 0 0 14a7 7 0 1 0 0-14 M10 6v4.2l2.7 1.6',
  compass: 'M10 3a7 7 0 1 0 0 14a7 7 0 1 0 0-14 M12.7 7.3l-1.6 3.8-3.8 1.6 1.6-3.8z',
  confetti: 'M4 16l3.5-9 5.5 5.5z M12 4v2 M15 5l-1.5 2 M16.5 9h-2 M9.5 3.5v.1 M16.5 12.5v.1',
  cube: 'M10 3l6 3.5v7L10 17l-6-3.5v-7z M4 6.5l6 3.5 6-3.5 M10 10v7',
  desktop: 'M3 4.5h14V13H3z M10 13v3 M7 16.5h6',
  document: 'M5 3h6.5L15 6.5V17H5z M11.5 3v3.5H15 M7.5 10.5h5 M7.5 13.5h5',
  dot: 'M10 8.5a1.5 1.5 0 1 0 0 3a1.5 1.5 0 1 0 0-3',
  'dots-horizontal': 'M5 10v.1 M10 10v.1 M15 10v.1',
  'dots-vertical': 'M10 5v.1 M10 10v.1 M10 15v.1',
  'empty-circle': 'M10 3a7 7 0 1 0 0 14a7 7 0 1 0 0-14',
  'external-link': 'M8 5H4.5v10.5H15V12 M11 4h5v5 M16 4l-7 7',
  globe: 'M10 3a7 7 0 1 0 0 14a7 7 0 1 0 0-14 M3 10h14 M10 3c-4 4-4 10 0 14c4-4 4-10 0-14',
  keys: 'M7 9.5a3 3 0 1 0 0 6a3 3 0 1 0 0-6 M9 10.5L15.5 4 M13 6.5l2 2',
  lab: 'M8 3h4 M8.5 3v5L4.5 15.5a1 1 0 0 0 .9 1.5h9.2a1 1 0 0 0 .9-1.5L11.5 8V3 M6.5 12.5h7',
  images: 'M3.5 6.5h10V16h-10z M6.5 6.5V4h10v9.5h-3 M3.5 14l3-3 2.5 2.5 2-2 2.5 2.5',
  info: 'M10 3a7 7 0 1 0 0 14a7 7 0 1 0 0-14 M10 9v5 M10 6.3v.1',
  lifesaver: 'M10 3a7 7 0 1 0 0 14a7 7 0 1 0 0-14 M10 7a3 3 0 1 0 0 6a3 3 0 1 0 0-6 M5 5l3 3 M15 5l-3 3 M5 15l3-3 M15 15l-3-3',
  lightbulb: 'M8 14c0-2-2.5-3-2.5-6a4.5 4.5 0 0 1 9 0c0 3-2.5 4-2.5 6z M8.5 17h3',
  mail: 'M3 5h14v10.5H3z M3 6l7 5 7-5',
  'map-pin': 'M10 17c-3-3.5-5-6-5-8.7a5 5 0 0 1 10 0C15 11 13 13.5 10 17z M10 6.5a1.8 1.8 0 1 0 0 3.6a1.8 1.8 0 1 0 0-3.6',
  maps: 'M3 5l4.5-1.5 5 2L17 4v11l-4.5 1.5-5-2L3 16z M7.5 3.5v11 M12.5 5.5v11',
  mobile: 'M6 3h8v14H6z M9.5 14.5h1',
  name: 'M3.5 5h13v10h-13z M6.5 12.5l2-5 2 5 M7.2 11h2.6 M13 8.5v4',
  notebook: 'M6 3.5h9.5v13H6z M4.5 6.5h2 M4.5 10h2 M4.5 13.5h2 M9 7.5h4',
  'page-blank': 'M5 3h6.5L15 6.5V17H5z M11.5 3v3.5H15',
  paperclip: 'M14.5 9.5l-5 5a3 3 0 0 1-4.3-4.3l6-6a2 2 0 0 1 2.9 2.9l-5.7 5.7a1 1 0 0 1-1.4-1.4l5-5',
  phone: 'M4 4.5l3-1 1.5 3.5-1.5 1.5c.8 1.8 2.2 3.2 4 4l1.5-1.5 3.5 1.5-1 3c-6 .5-11.5-5-11-11z',
  play: 'M6.5 4.5l9 5.5-9 5.5z',
  plus: 'M10 4v12 M4 10h12',
  profile: 'M10 3a7 7 0 1 0 0 14a7 7 0 1 0 0-14 M10 6.5a2.3 2.3 0 1 0 0 4.6a2.3 2.3 0 1 0 0-4.6 M5.5 15c1-2 2.5-2.8 4.5-2.8s3.5.8 4.5 2.8',
  'profile-card': 'M3 4.5h14v11H3z M7.5 7.5a1.5 1.5 0 1 0 0 3a1.5 1.5 0 1 0 0-3 M5 13.5c.8-2 4.2-2 5 0 M12.5 8.5h2.5 M12.5 11.5h2.5',
  reload: 'M15.5 10a5.5 5.5 0 1 1-1.6-3.9L16 8 M16 4v4h-4',
  star: 'M10 3.5l2 4.3 4.6.6-3.4 3.2.9 4.7L10 14l-4.1 2.3.9-4.7L3.4 8.4 8 7.8z',
  search: 'M9 4a5 5 0 1 0 0 10a5 5 0 1 0 0-10 M12.7 12.7L16.5 16.5',
  sparkle: 'M10 3c.7 4.5 2.5 6.3 7 7-4.5.7-6.3 2.5-7 7-.7-4.5-2.5-6.3-7-7 4.5-.7 6.3-2.5 7-7z',
  'square-code': 'M3.5 3.5h13v13h-13z M8.5 7.5L6 10l2.5 2.5 M11.5 7.5L14 10l-2.5 2.5',
  'square-image': 'M3.5 4h13v12h-13z M3.5 14l4-4 3 3 2-2 4 4 M12.5 7.5v.1',
  'square-text': 'M3.5 3.5h13v13h-13z M6.5 7.5h7 M6.5 10.5h7 M6.5 13.5h4',
  suitcase: 'M3 7h14v9H3z M7.5 7V4.5h5V7 M3 11h14',
  'settings-slider': 'M3 6.5h7 M14 6.5h3 M12 4.5v4 M3 13.5h3 M10 13.5h7 M8 11.5v4',
  'thumb-up': 'M3.5 9h3v7.5h-3z M6.5 9.5L9.5 3.5c1.3 0 2 .8 2 2V8h4a1.3 1.3 0 0 1 1.3 1.6l-1.2 5.6a1.7 1.7 0 0 1-1.7 1.3H6.5',
  'thumb-down': 'M3.5 11h3V3.5h-3z M6.5 10.5l3 6c1.3 0 2-.8 2-2V12h4a1.3 1.3 0 0 0 1.3-1.6l-1.2-5.6a1.7 1.7 0 0 0-1.7-1.3H6.5',
  user: 'M10 3.5a3.2 3.2 0 1 0 0 6.4a3.2 3.2 0 1 0 0-6.4 M4 16.5c.8-3.5 3-4.5 6-4.5s5.2 1 6 4.5',
  wreath: 'M6 4c-3 4-3 8 1.5 12 M14 4c3 4 3 8-1.5 12 M4 8l2.5 1 M16 8l-2.5 1 M5 12l2.5.5 M15 12l-2.5.5',
  write: 'M12.5 4.5l3 3L7 16l-3.5.5L4 13z',
  x: 'M5 5l10 10 M15 5L5 15',
};

/* Other names of the same drawings, and Lucide's for the most usual. */
const SAME = {
  'book-clock': 'book-closed', 'check-circle-filled': 'check-circle', 'notebook-pencil': 'notebook', 'star-filled': 'star', 'sparkle-double': 'sparkle',
  'write-alt': 'write', 'write-alt2': 'write', pencil: 'write', image: 'square-image', file: 'page-blank', 'file-text': 'document', users: 'user', house: 'desktop',
  home: 'desktop', zap: 'bolt', package: 'cube', 'circle-check': 'check-circle', 'circle-help': 'circle-question', 'circle-user': 'profile', 'refresh-cw': 'reload',
  sparkles: 'sparkle', settings: 'settings-slider', briefcase: 'suitcase', 'briefcase-business': 'suitcase', 'bar-chart': 'analytics', 'line-chart': 'chart', map: 'maps',
};

const FILLED = new Set(['check-circle-filled', 'star-filled', 'dot']);

/* A decorative <svg>, or null. */
export function svgIcon(name) {
  const plain = String(name).replace(/^(?:lucide|vendor):/, '');
  const shape = Object.hasOwn(SHAPES, plain) ? plain : Object.hasOwn(SAME, plain) ? SAME[plain] : null;
  if (!shape) return null;
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  svg.setAttribute('viewBox', '0 0 20 20');
  svg.setAttribute('aria-hidden', 'true');
  svg.dataset.icon = plain;
  const filled = FILLED.has(plain);
  if (filled) svg.classList.add('filled');
  for (const d of filled ? SHAPES[shape].split(/ (?=M)/) : [SHAPES[shape]]) { /* the ground of a filled one, then what is drawn on it */
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    path.setAttribute('d', d);
    svg.append(path);
  }
  return svg;
}
