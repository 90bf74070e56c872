/* SPDX-License-Identifier: MIT */
/* Client tools: what a model may ask of this page. A page's author adds to them with window.chatkitTools = {name: async (args) => result}. */
import { own } from './dom.js';

const builtIn = {
  /* Where the visitor is, as far as the page itself knows: nothing of what they wrote, and no address beyond the path. */
  get_page_info: () => ({
    title: document.title,
    url_path: location.pathname,
    viewport: { width: innerWidth, height: innerHeight },
    language: navigator.language,
    time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  }),
};

const SECONDS = 120; /* a tool may ask the visitor something; it may not hold the answer for ever */

/* The result of a tool, which always is something that JSON can say. A tool that fails tells the model so. */
export async function runTool(name, args, signal) {
  const tool = own(window.chatkitTools ?? {}, name) ?? own(builtIn, name);
  if (typeof tool !== 'function') return { error: `This page has no tool ${name}.` };
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`The tool ${name} did not answer within ${SECONDS} s.`)), SECONDS * 1000);
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
  try {
    const result = await Promise.race([tool(args ?? {}), late]);
    return JSON.parse(JSON.stringify(result ?? null));
  } catch (error) {
    if (signal.aborted) throw error;
    return { error: String(error?.message ?? error) };
  } finally {
    clearTimeout(timer);
  }
}
