/* SPDX-License-Identifier: MIT */
import { copy, el, template } from './dom.js';
import { inline, withoutCites } from './inline.js';

/* The dialect that models write: paragraphs, headings, lists, quotes, tables, fenced code, emphasis, links. Unlike
   CommonMark a line break stays a line break, HTML is text, and an image is a link: an image would be fetched as soon
   as it is drawn, and its address could carry what was said to a stranger. Every expression below is linear. */
const MAX_NESTING = 8;

const FENCE = /^ {0,3}(`{3,}|~{3,}) *([^\s`]*)/;
const HEADING = /^ {0,3}(#{1,6})(?:[ \t]+(.*))?$/s;
const RULE = /^ {0,3}([-*_])(?: *\1){2,} *$/;
const LIST = /^(\s*)([-*+]|\d{1,9}[.)])(?:(\s+)(.*))?$/s;
const QUOTE = /^ {0,3}>[ \t]?/;
const TABLE_RULE = /^ *(?:\| *)?:?-+:? *(?:\| *:?-+:? *)*(?:\| *)?$/;

const indentOf = (line) => line.length - line.trimStart().length;
const isTable = (lines, i) => lines[i].includes('|') && i + 1 < lines.length && lines[i + 1].includes('-')
  && lines[i + 1].includes('|') && TABLE_RULE.test(lines[i + 1]);
const isOrdered = (marker) => marker.length > 1;

/* May this line end a paragraph? A number in a sentence that wrapped must not: only "1." begins a list there. */
function interrupts(lines, i) {
  const line = lines[i];
  const item = LIST.exec(line);
  return FENCE.test(line) || HEADING.test(line) || RULE.test(line) || QUOTE.test(line) || isTable(lines, i)
    || Boolean(item && item[4] && (!isOrdered(item[2]) || /^1[.)]/.test(item[2])));
}

/* Lines to blocks: {at: index of the first line, make(): Node}, and for fenced code also {language, code}. */
function parseBlocks(lines, depth = 0) {
  const blocks = [];
  for (let i = 0; i < lines.length;) {
    const at = i;
    const line = lines[i];
    let match;
    if (!line.trim()) {
      i++;
    } else if ((match = FENCE.exec(line))) {
      const [, fence, language] = match;
      const code = [];
      const indent = indentOf(line);
      for (i++; i < lines.length; i++) {
        const text = lines[i].trim();
        if (text.startsWith(fence) && text === fence[0].repeat(text.length)) { i++; break; }
        code.push(lines[i].slice(Math.min(indent, indentOf(lines[i]))));
      }
      blocks.push({ at, language, code: withoutCites(code.join('\n')), make() { return makeCode(language, this.code); } });
    } else if ((match = HEADING.exec(line))) {
      const [, marks, text = ''] = match;
      i++;
      /* The page has a level 1 of its own, and a chat needs no six sizes. */
      blocks.push({ at, make: () => el(`h${Math.min(marks.length + 2, 6)}`, {}, ...inline(text.replace(/\s#+\s*$/, ''))) });
    } else if (RULE.test(line)) {
      i++;
      blocks.push({ at, make: () => el('hr') });
    } else if (depth < MAX_NESTING && QUOTE.test(line)) {
      const inner = [];
      for (; i < lines.length && QUOTE.test(lines[i]); i++) inner.push(lines[i].replace(QUOTE, ''));
      blocks.push({ at, make: () => el('blockquote', {}, ...makeBlocks(inner, depth + 1)) });
    } else if (isTable(lines, i)) {
      const rows = [];
      for (; i < lines.length && lines[i].includes('|'); i++) rows.push(cellsOf(lines[i]));
      blocks.push({ at, make: () => makeTable(rows) });
    } else if (depth < MAX_NESTING && LIST.test(line)) {
      const list = parseList(lines, i);
      i = list.end;
      blocks.push({ at, make: () => makeList(list, depth + 1) });
    } else {
      do i++; while (i < lines.length && lines[i].trim() && !interrupts(lines, i));
      const text = lines.slice(at, i).map((s) => s.trim()).join('\n');
      blocks.push({ at, make: () => el('p', {}, ...inline(text)) });
    }
  }
  return blocks;
}

const makeBlocks = (lines, depth) => parseBlocks(lines, depth).map((block) => block.make());

/* A list goes on while lines are items of its kind, or are indented below an item, or continue its last line. */
function parseList(lines, start) {
  const first = LIST.exec(lines[start]);
  const base = first[1].length;
  const ordered = isOrdered(first[2]);
  const items = [];
  let i = start;
  let width = 0; /* where the text of the current item begins */
  const nested = (line) => indentOf(line) >= base + 2;
  const sibling = (line) => {
    const match = LIST.exec(line);
    return match && !nested(line) && isOrdered(match[2]) === ordered && !RULE.test(line) ? match : null;
  };
  for (; i < lines.length; i++) {
    const line = lines[i];
    const item = sibling(line);
    if (item) {
      items.push([item[4] || '']);
      width = item[1].length + item[2].length + Math.min((item[3] || ' ').length, 4);
    } else if (!line.trim()) {
      let next = i + 1;
      while (next < lines.length && !lines[next].trim()) next++;
      if (next === lines.length || !(nested(lines[next]) || sibling(lines[next]))) break;
      items.at(-1).push('');
      i = next - 1;
    } else if (nested(line)) {
      items.at(-1).push(line.slice(Math.min(indentOf(line), width)));
    } else if (lines[i - 1].trim() && !interrupts(lines, i)) {
      items.at(-1).push(line.trim());
    } else {
      break;
    }
  }
  return { ordered, from: ordered ? parseInt(first[2], 10) : null, items, end: i };
}

function makeList({ ordered, from, items }, depth) {
  const list = el(ordered ? 'ol' : 'ul', { start: ordered && from !== 1 ? from : null });
  for (const item of items) {
    const box = /^\[([ xX])\]\s/.exec(item[0]);
    if (box) item[0] = item[0].slice(box[0].length);
    const node = el('li', { class: box && 'check' }, ...makeBlocks(item, depth));
    if (box) node.prepend(el('span', { class: 'box', role: 'img', 'aria-label': box[1] === ' ' ? 'open' : 'done' }, box[1] === ' ' ? '☐' : '☑'));
    list.append(node);
  }
  return list;
}

function cellsOf(line) {
  const cells = line.trim().split(/(?<!\\)\|/).map((cell) => cell.trim().replaceAll('\\|', '|'));
  if (cells[0] === '') cells.shift();
  if (cells.at(-1) === '') cells.pop();
  return cells;
}

function makeTable([head, rule, ...rows]) {
  const align = rule.map((cell) => (cell.endsWith(':') ? (cell.startsWith(':') ? 'center' : 'right') : null));
  const row = (tag, cells) => el('tr', {}, ...head.map((_, i) => el(tag, { class: align[i] }, ...inline(cells[i] || ''))));
  return el('div', { class: 'table', tabindex: 0 }, el('table', {},
    el('thead', {}, row('th', head)), el('tbody', {}, ...rows.map((cells) => row('td', cells)))));
}

function makeCode(language, text) {
  const node = template('t-code');
  const code = node.querySelector('code');
  const button = node.querySelector('button');
  node.querySelector('span').textContent = language;
  code.textContent = text;
  button.addEventListener('click', async () => {
    button.textContent = (await copy(code)) ? 'Copied' : 'Copy failed';
    setTimeout(() => { button.textContent = 'Copy'; }, 1500);
  });
  return node;
}

/* Markdown that grows. Once a later block has begun, whole lines cannot change their meaning any more: such blocks are
   settled and their nodes stay (so do a selection in them and their scroll position). Only the last block is made
   again, so a long answer costs what its last block costs. */
export class Markdown {
  constructor(root) {
    this.root = root;
    this.reset();
  }

  reset() {
    this.root.replaceChildren();
    this.text = '';
    this.settled = 0; /* characters */
    this.tail = []; /* nodes of the rest */
    this.code = null; /* {node, language}, when the rest is one block of code */
  }

  /* Each block runs the way its first letter does. */
  make(blocks) {
    return blocks.map((block) => {
      const node = block.make();
      node.dir = 'auto';
      return node;
    });
  }

  set(text) {
    if (text === this.text) return;
    if (!text.startsWith(this.text)) this.reset();
    this.text = text;

    const whole = text.slice(this.settled, text.lastIndexOf('\n') + 1).split('\n');
    const done = parseBlocks(whole);
    const last = done.pop();
    if (done.length) {
      this.drop();
      this.root.append(...this.make(done));
      for (let i = 0; i < last.at; i++) this.settled += whole[i].length + 1;
    }

    const rest = parseBlocks(text.slice(this.settled).split('\n'));
    const code = rest.length === 1 && rest[0].code !== undefined ? rest[0] : null;
    if (code && this.code?.language === code.language) {
      this.code.node.textContent = code.code;
      return;
    }
    this.drop();
    this.tail = this.make(rest);
    this.root.append(...this.tail);
    if (code) this.code = { node: this.tail[0].querySelector('code'), language: code.language };
  }

  drop() {
    for (const node of this.tail) node.remove();
    this.tail = [];
    this.code = null;
  }
}
