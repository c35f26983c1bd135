// A session with a language server over stdio: requests, notifications, and what the server asks in turn.
'use strict';

const { spawn } = require('node:child_process');

// The longest that a server may think about one question, in ms.
const PATIENCE = 60000;

class Session {
  constructor(program, settings) {
    this.settings = settings;
    this.waiting = new Map();
    this.diagnostics = new Map();
    this.next = 1;
    this.buffer = Buffer.alloc(0);
    this.process = spawn(process.execPath, [program, '--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.process.stdout.on('data', (data) => this.read(data));
  }

  read(data) {
    this.buffer = Buffer.concat([this.buffer, data]);
    for (;;) {
      const end = this.buffer.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(/content-length: *(\d+)/i.exec(this.buffer.subarray(0, end).toString())[1]);
      if (this.buffer.length < end + 4 + length) return;
      const body = this.buffer.subarray(end + 4, end + 4 + length).toString();
      this.buffer = this.buffer.subarray(end + 4 + length);
      this.take(JSON.parse(body));
    }
  }

  take(message) {
    if (message.method && message.id !== undefined) {
      const sections = message.method === 'workspace/configuration' ? message.params.items : [];
      const result = sections.map((item) => this.settings[item.section] ?? null);
      this.send({ id: message.id, result: sections.length ? result : null });
    } else if (message.method === 'textDocument/publishDiagnostics') {
      const { uri, diagnostics } = message.params;
      this.diagnostics.get(uri)?.(diagnostics);
    } else if (message.id !== undefined) {
      const { resolve, reject } = this.waiting.get(message.id);
      this.waiting.delete(message.id);
      if (message.error) reject(new Error(JSON.stringify(message.error)));
      else resolve(message.result);
    }
  }

  send(message) {
    const body = JSON.stringify({ jsonrpc: '2.0', ...message });
    this.process.stdin.write(`Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`);
  }

  notify(method, params) {
    this.send({ method, params });
  }

  ask(method, params) {
    const id = this.next++;
    this.send({ id, method, params });
    return within(method, new Promise((resolve, reject) => this.waiting.set(id, { resolve, reject })));
  }

  // Opens a text and gives the mistakes that the server finds in it.
  open(uri, text) {
    const told = new Promise((resolve) => this.diagnostics.set(uri, resolve));
    this.notify('textDocument/didOpen', { textDocument: { uri, languageId: 'yaml', version: 1, text } });
    return within(`mistakes of ${uri}`, told);
  }

  end() {
    this.process.kill();
  }
}

function within(what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer: ${what}`)), PATIENCE);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

module.exports = { Session };
