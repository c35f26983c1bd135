// What somebody who writes a playbook sees in an editor. Arguments: the language server, the schema of an instance.
'use strict';

const assert = require('node:assert');
const { pathToFileURL } = require('node:url');
const { Session } = require('./session.js');

const [program, schema] = process.argv.slice(2);

const HEAD = 'version: 1\nname: edited\nsteps:\n';

// `§` is the cursor; what is offered there, and what is not.
const COMPLETIONS = [
  ['verbs and keys of a step', '  - id: a\n    §', ['update', 'upsert', 'filter', 'for_each', 'when', 'on_error', 'depends_on'], []],
  ['modules', '  - id: a\n    filter: §', ['Accounts', 'Contacts', 'Opportunities'], ['update']],
  [
    'fields of the module that is set',
    '  - id: a\n    create: Leads\n    key: x\n    set:\n      §',
    ['last_name', 'lead_source', 'status', 'email1'],
    ['sales_stage', 'amount'],
  ],
  [
    'fields of a condition',
    '  - id: a\n    filter: Opportunities\n    where:\n      §',
    ['sales_stage', 'amount', 'date_closed'],
    ['lead_source_description', 'first_name'],
  ],
  [
    'values of a dropdown',
    '  - id: a\n    create: Opportunities\n    key: x\n    set:\n      sales_stage: §',
    ['Prospecting', 'Closed Won', 'Negotiation/Review'],
    ['New', 'Banking'],
  ],
  [
    'links',
    '  - id: a\n    link: Accounts\n    record: x\n    to: y\n    through: §',
    ['contacts', 'opportunities', 'cases'],
    ['direct_reports'],
  ],
  ['keys of the playbook', '§', ['limits', 'vars', 'settings', 'outputs'], ['update']],
  ['limits', '  - { id: a, list: Leads }\nlimits:\n  §', ['max_changes', 'max_deletes', 'max_failures'], ['vars']],
];

const HOVERS = [
  ['a verb', '  - id: a\n    §upsert: Accounts\n    match: { name: x }\n    set: { industry: Banking }', /match/i],
  ['a key', '  - id: a\n    list: Leads\n    §when: "true"', /skip/i],
  ['a limit', '  - { id: a, list: Leads }\nlimits: { §max_deletes: 1 }', /delete/i],
];

const MISTAKES = [
  ['none', '  - { id: a, create: Leads, key: x, set: { last_name: y, status: New } }', null],
  ['none with templates', '  - { id: a, list: Leads }\n  - { id: b, for_each: "{{ steps.a.records }}", update: Leads, record: "{{ item.id }}", set: { status: "{{ item.status }}" } }', null],
  ['a misspelt field', '  - { id: a, create: Leads, key: x, set: { last_nmae: y } }', /last_nmae/],
  ['a misspelt module', '  - { id: a, list: Leeds }', /Leads/],
  ['a value that no list has', '  - { id: a, create: Leads, key: x, set: { last_name: y, status: Fresh } }', /Assigned/],
  ['a misspelt key', '  - { id: a, list: Leads, dependson: [b] }', /dependson/],
];

// The text without its cursor, and where that was.
function cursor(marked) {
  const before = marked.slice(0, marked.indexOf('§')).split('\n');
  return {
    text: marked.replace('§', ''),
    position: { line: before.length - 1, character: before.at(-1).length },
  };
}

async function main() {
  const yaml = {
    schemas: { [pathToFileURL(schema).href]: ['*.yaml'] },
    schemaStore: { enable: false },
    completion: true,
    hover: true,
    validate: true,
  };
  const session = new Session(program, { yaml });
  let number = 0;
  const opened = async (text) => {
    const uri = `file:///playbooks/${number++}.yaml`;
    const mistakes = await session.open(uri, text);
    return { textDocument: { uri }, mistakes };
  };
  let seen = 0;
  try {
    await session.ask('initialize', {
      processId: process.pid,
      rootUri: null,
      capabilities: {
        workspace: { configuration: true },
        textDocument: { hover: { contentFormat: ['markdown', 'plaintext'] }, completion: {} },
      },
    });
    session.notify('initialized', {});
    session.notify('workspace/didChangeConfiguration', { settings: { yaml } });

    for (const [what, step, offered, hidden] of COMPLETIONS) {
      const { text, position } = cursor(HEAD + step);
      const { textDocument } = await opened(text);
      const answer = await session.ask('textDocument/completion', { textDocument, position });
      const labels = (answer.items ?? answer).map((item) => item.label.replace(/^"|"$/g, ''));
      const missing = offered.filter((label) => !labels.includes(label));
      const wrong = hidden.filter((label) => labels.includes(label));
      assert.deepStrictEqual({ missing, wrong }, { missing: [], wrong: [] }, `${what}: ${labels.slice(0, 60)}`);
      seen += 1;
    }
    for (const [what, step, words] of HOVERS) {
      const { text, position } = cursor(HEAD + step);
      const { textDocument } = await opened(text);
      const answer = await session.ask('textDocument/hover', { textDocument, position });
      const said = JSON.stringify(answer?.contents ?? null);
      assert.match(said, words, what);
      seen += 1;
    }
    for (const [what, step, words] of MISTAKES) {
      const { mistakes } = await opened(HEAD + step);
      const said = mistakes.map((mistake) => mistake.message).join('\n');
      if (words === null) assert.strictEqual(said, '', what);
      else assert.match(said, words, what);
      seen += 1;
    }
  } finally {
    session.end();
  }
  console.log(`yaml-language-server: ${seen} of ${COMPLETIONS.length + HOVERS.length + MISTAKES.length} as expected`);
}

main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
