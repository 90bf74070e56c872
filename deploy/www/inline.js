/* SPDX-License-Identifier: MIT */
/* Markdown within one block. */
import { el, safeHref } from './dom.js';

/* Where a source is cited: a number between two characters of no meaning (see answer.js). What stands in code or in an address is taken out. */
export const cite = (n) => `\uE000${n}\uE001`;
export const withoutCites = (text) => text.replace(/\uE000\d{1,4}\uE001/g, '');

/* Escape, code, emphasis, link or image, <address>, bare address, line break, citation. */
const INLINE = new RegExp([
  /\\([!-/:-@[-`{-~])/,
  /(`+)/,
  /(\*{1,3}|_{1,3}|~~)/,
  /!?\[([^[\]\n]{0,1000})\]\(\s{0,9}<?([^\s()<>]{0,2000}(?:\([^\s()<>]{0,2000}\)[^\s()<>]{0,2000})?)>?(?:\s{1,9}"[^"\n]{0,300}")?\s{0,9}\)/,
  /<((?:https?:\/\/|mailto:)[^\s<>]{1,2000})>/,
  /\b(https?:\/\/[^\s<>"`\uE000]{1,2000})/,
  /(\n)/,
  /\uE000(\d{1,4})\uE001/,
].map((part) => part.source).join('|'), 'g');

/* Pieces of one block, far more than anybody writes: what comes after them stays text. */
const MOST = 10000;

const EMPHASIS = { '*': ['em'], _: ['em'], '**': ['strong'], __: ['strong'], '***': ['strong', 'em'], ___: ['strong', 'em'], '~~': ['del'] };

/* Text of one block to nodes. Emphasis that is open lies on a stack; what is never closed turns back into its marks. */
export function inline(text, links = true) {
  const stack = [{ mark: '', nodes: [] }];
  const top = () => stack.at(-1).nodes;
  const unwind = (to) => {
    while (stack.length > to) {
      const { mark, nodes } = stack.pop();
      top().push(mark, ...nodes);
    }
  };
  const link = (href, image, ...label) => {
    const safe = links && safeHref(withoutCites(href));
    top().push(...(safe ? [el('a', { href: safe, target: '_blank', rel: 'noopener noreferrer', 'data-image': image ? '' : null }, ...label)] : label));
  };
  let at = 0;
  const scan = new RegExp(INLINE);
  for (let match, n = 0; n < MOST && (match = scan.exec(text)); n++) {
    if (match.index > at) top().push(text.slice(at, match.index));
    at = scan.lastIndex;
    const [all, escaped, ticks, mark, label, target, angled, bare, newline, source] = match;
    if (escaped) {
      top().push(escaped);
    } else if (ticks) {
      const close = closingTicks(text, at, ticks.length);
      if (close < 0) {
        top().push(ticks);
      } else {
        top().push(el('code', {}, withoutCites(text.slice(at, close)).replace(/^ (?=.*[^ ])([^]*) $/, '$1')));
        at = scan.lastIndex = close + ticks.length;
      }
    } else if (mark) {
      emphasis(mark, text[match.index - 1] || ' ', text[at] || ' ');
    } else if (label !== undefined) {
      link(target, all[0] === '!', ...inline(label || target, false));
    } else if (angled) {
      link(angled, false, withoutCites(angled));
    } else if (bare) {
      const end = /[.,;:!?'"*_~)\]]+$/.exec(bare)?.index ?? bare.length; /* the full stop is the sentence's */
      at = scan.lastIndex = match.index + end;
      link(bare.slice(0, end), false, bare.slice(0, end));
    } else {
      top().push(newline ? el('br') : source ? el('sup', { class: 'cite', 'data-n': source }) : all);
    }
  }
  top().push(text.slice(at));
  unwind(1);
  return stack[0].nodes;

  function emphasis(mark, before, after) {
    const wordy = mark[0] === '_'; /* snake_case is not emphasis */
    const open = stack.findLastIndex((frame) => frame.mark === mark);
    if (open > 0 && /\S/.test(before) && !(wordy && /\w/.test(after))) {
      unwind(open + 1);
      const { nodes } = stack.pop();
      top().push(EMPHASIS[mark].reduceRight((inner, tag) => [el(tag, {}, ...inner)], nodes)[0]);
    } else if (open < 0 && /\S/.test(after) && !(wordy && /\w/.test(before))) {
      stack.push({ mark, nodes: [] });
    } else {
      top().push(mark);
    }
  }
}

function closingTicks(text, from, length) {
  const runs = /`+/g;
  runs.lastIndex = from;
  for (let run; (run = runs.exec(text));) if (run[0].length === length) return run.index;
  return -1;
}
