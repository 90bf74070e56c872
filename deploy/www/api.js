/* SPDX-License-Identifier: MIT */
/* Requests. All URLs are relative, so the page works below any path. */

class HttpError extends Error {
  constructor(status, message, retryAfter) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter; /* seconds, or NaN when the server did not say */
  }
}

/* Every request is a POST of JSON to our own origin; the session cookie travels with it. Every error of the server is
   {"message": ...}; a proxy in between may answer anything. */
export async function post(path, body, { headers, signal } = {}) {
  let response;
  try {
    response = await fetch(path, {
      method: 'POST',
      credentials: 'same-origin',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      signal,
    });
  } catch (error) {
    throw error.name === 'AbortError' ? error : new Error('The server could not be reached.');
  }
  if (response.ok) return response;
  const said = await response.json().catch(() => null);
  throw new HttpError(response.status, said?.message || `The server answered with status ${response.status}.`,
    parseFloat(response.headers.get('retry-after')));
}

/* One of the operations that answer JSON. */
export const call = async (type, params) => (await post('api/chat', { type, params })).json();

/* All rows of threads.list or items.list. A page may be short, even empty, and still have more behind it. */
export async function callForAll(type, params) {
  const rows = [];
  for (let after; ;) {
    const page = await call(type, { ...params, after });
    rows.push(...page.data);
    if (!page.has_more || !page.after || page.after === after) return rows;
    after = page.after;
  }
}


/* 128 random bits. (crypto.randomUUID does not exist on plain http, where small installations live.) */
export const randomId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, '0')).join('');

export const pause = (ms, signal) => new Promise((resolve, reject) => {
  const timer = setTimeout(resolve, ms);
  signal.addEventListener('abort', () => { clearTimeout(timer); reject(signal.reason); }, { once: true });
});

/* Sends one file as a form; `progress` is told the part that has left, 0 to 1 (fetch cannot say that). Returns the server's JSON. */
export function upload(path, file, signal, progress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const form = new FormData();
    form.append('file', file, file.name);
    const said = () => {
      try {
        return JSON.parse(request.responseText);
      } catch {
        return null;
      }
    };
    request.upload.addEventListener('progress', (event) => { if (event.lengthComputable) progress(event.loaded / event.total); });
    request.addEventListener('error', () => reject(new Error('The server could not be reached.')));
    request.addEventListener('abort', () => reject(new DOMException('removed', 'AbortError')));
    request.addEventListener('load', () => {
      const answer = said();
      if (request.status >= 200 && request.status < 300 && answer?.id) resolve(answer);
      else reject(new HttpError(request.status, answer?.message || `The server answered with status ${request.status}.`, NaN));
    });
    signal.addEventListener('abort', () => request.abort());
    request.open('POST', path);
    request.send(form);
  });
}
