//! The playbook language as tables: which keys there are, what they take, what they are for. The parser, the JSON Schema
//! and the documentation read the same ones.

mod key;
mod tables;
mod verbs;

pub use key::Key;
pub use key::Need;
pub use key::Shape;
pub use key::find;
pub use tables::BESIDE_SET;
pub use tables::CSV;
pub use tables::EXPECT;
pub use tables::FILES;
pub use tables::FileKind;
pub use tables::JSON;
pub use tables::JSONL;
pub use tables::LIMITS;
pub use tables::OTHER_WORDS;
pub use tables::PLAYBOOK;
pub use tables::RETRY;
pub use tables::SETTINGS;
pub use tables::STEP;
pub use tables::VAR;
pub use tables::XLSX;
pub use verbs::UNDER;
pub use verbs::VERBS;
pub use verbs::Verb;
pub use verbs::VerbKind;
