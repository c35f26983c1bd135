//! Sugar's REST interface as closed types: requests, answers, faults, labels. No I/O.

mod answer;
mod encoded;
mod label;
mod names;
mod path;
mod read;
mod write;

pub use answer::Answer;
pub use answer::Fault;
pub use answer::Reaction;
pub use answer::Records;
pub use answer::Sent;
pub use answer::excerpt;
pub use answer::judge;
pub use answer::judge_bulk;
pub use encoded::Encoded;
pub use encoded::Method;
pub use label::Label;
pub use label::LocalLabel;
pub use label::SugarLabel;
pub use names::LinkName;
pub use names::ModuleName;
pub use names::RecordId;
pub use path::PathError;
pub use path::RestPath;
pub use path::is_dots;
pub use read::Filter;
pub use read::FilterForm;
pub use read::Page;
pub use read::Read;
pub use write::LinkTarget;
pub use write::Parent;
pub use write::Request;
pub use write::Write;
pub use write::WriteMethod;
