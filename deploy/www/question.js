/* SPDX-License-Identifier: MIT */
/* Questions of the assistant (structured_input): one form while they wait, a list of answers afterwards. */
import { $, el } from './dom.js';
import { touch } from './screen.js';

let counter = 0;

export function structuredInput(item, chat) {
  const node = el('section', { class: 'questions', 'aria-label': 'Questions', 'data-testid': 'structured-input', 'data-id': item.id });
  let json = '';
  return {
    node,
    set(now) {
      const text = JSON.stringify([now.status, now.inputs]);
      if (text === json) return; /* somebody may be writing in it */
      json = text;
      node.dataset.status = now.status;
      node.replaceChildren(now.status === 'pending' ? asking(now, chat) : answered(now));
    },
  };
}

function answered({ status, inputs }) {
  const rows = (inputs ?? []).flatMap((input) => {
    const values = input.answer?.values ?? [];
    const given = values.length > 0 && !input.answer.skipped;
    return [el('dt', {}, input.question), el('dd', { 'data-skipped': given ? null : '' }, given ? values.join(', ') : 'Skipped')];
  });
  return el('div', {}, ...(status === 'skipped' ? [el('p', { class: 'w-note' }, 'You skipped these questions.')] : []), el('dl', {}, ...rows));
}

function asking({ id, inputs }, chat) {
  const questions = (inputs ?? []).map((input) => (input.type === 'multiple_choice' ? choice(input) : freeform(input)));
  const several = questions.length > 1;
  const send = el('button', { type: 'submit', class: 'w-button', 'data-variant': 'solid', 'data-testid': 'si-send' }, several ? 'Send answers' : 'Send answer');
  const skip = el('button', { type: 'button', class: 'w-button', 'data-variant': 'outline', 'data-testid': 'si-skip-all' }, several ? 'Skip all' : 'Skip');
  const form = el('form', {}, ...questions.map((question) => question.node), el('footer', { class: 'w-actions' }, send, skip));
  if (!several) questions[0]?.skip.remove(); /* the button below says the same */
  const answer = async (input) => {
    if (chat.streaming) return;
    const hadFocus = form.contains(document.activeElement);
    form.inert = true;
    form.setAttribute('aria-busy', 'true');
    await chat.answer(id, input);
    form.inert = false;
    form.removeAttribute('aria-busy');
    if (!hadFocus || document.activeElement !== document.body) return;
    if (form.isConnected) send.focus();
    else if (!touch.matches) $('composer').focus(); /* the form is a list of answers now */
  };
  form.noValidate = true;
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const open = questions.find((question) => !question.ready());
    if (open) open.ask();
    else answer({ status: 'answered', answers: Object.fromEntries(questions.map((question) => [question.id, question.answer()])) });
  });
  skip.addEventListener('click', () => answer({ status: 'skipped', answers: {} }));
  return form;
}

/* A question: its fields, and a way around it. `values` reads what was chosen or written. */
function question(input, fields, values) {
  const skip = el('button', { type: 'button', class: 'w-more', 'aria-pressed': 'false', 'data-testid': 'si-skip' }, 'Skip this question');
  const hint = el('p', { class: 'hint', role: 'alert', hidden: '' }, 'Answer this question, or skip it.');
  const node = el('fieldset', { 'data-testid': 'si-question' }, el('legend', {}, input.question ?? ''),
    ...(input.description ? [el('p', { class: 'w-note' }, input.description)] : []), fields, hint, skip);
  let skipped = false;
  const set = (now) => {
    skipped = now;
    hint.hidden = true;
    fields.inert = now;
    node.dataset.skipped = now ? '' : 'no';
    skip.setAttribute('aria-pressed', String(now));
    skip.textContent = now ? 'Answer it after all' : 'Skip this question';
  };
  skip.addEventListener('click', () => set(!skipped));
  node.addEventListener('input', () => { hint.hidden = true; });
  return {
    id: input.id, node, skip,
    ready: () => skipped || values().length > 0,
    ask() { hint.hidden = false; fields.querySelector('input, textarea')?.focus(); },
    answer: () => (skipped ? { values: [], skipped: true } : { values: values(), skipped: false }),
  };
}

/* There is always a free answer besides the choices; with one answer allowed, writing it is choosing it. */
function choice(input) {
  const group = `q-${++counter}`;
  const type = input.multiple ? 'checkbox' : 'radio';
  const box = (value, words) => el('label', { class: 'w-choice' }, el('input', { type, name: group, value }), words);
  const other = el('input', {
    type: 'text', class: 'w-control', placeholder: 'Something else', 'aria-label': `${input.question}: something else`, autocomplete: 'off', 'data-testid': 'si-other',
  });
  const own = el('input', { type, name: group, 'aria-label': 'Something else' });
  const fields = el('div', { class: 'choices' }, ...(input.options ?? []).map((option) => box(option.value, el('span', {}, option.value))),
    el('div', { class: 'w-choice own' }, own, other));
  other.addEventListener('input', () => { own.checked = other.value.trim() !== ''; });
  own.addEventListener('change', () => { if (own.checked) other.focus(); });
  return question(input, fields, () => [...fields.querySelectorAll(`input[type=${type}]`)].filter((one) => one.checked)
    .map((one) => (one === own ? other.value.trim() : one.value)).filter(Boolean));
}

function freeform(input) {
  const area = el('textarea', { class: 'w-control', rows: 3, 'aria-label': input.question ?? '', 'data-testid': 'si-text' });
  return question(input, el('div', { class: 'choices' }, area), () => (area.value.trim() ? [area.value.trim()] : []));
}
