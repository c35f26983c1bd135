//! What a playbook would do: items into drafts, drafts and current values into operations. Pure: it says what it needs
//! to know, and somebody else asks.

mod binding;
mod calls;
mod changes;
mod conflict;
mod decide;
mod draft;
mod ending;
mod expand;
mod finish;
mod guards;
mod inverse;
mod reads;
mod upserts;
mod values;

pub use binding::Binding;
pub use binding::bindings;
pub use conflict::conflict;
pub use decide::decide;
pub use draft::Current;
pub use draft::Draft;
pub use draft::Fields;
pub use draft::Linked;
pub use draft::Need;
pub use draft::Upsert;
pub use ending::ended;
pub use expand::Expanded;
pub use expand::Item;
pub use expand::Planner;
pub use finish::Earlier;
pub use finish::finish;
pub use guards::Guard;
pub use guards::GuardError;
pub use guards::Totals;
pub use inverse::Done;
pub use inverse::Drifted;
pub use inverse::Irreversible;
pub use inverse::LastSaved;
pub use inverse::Later;
pub use inverse::Recovery;
pub use inverse::Values;
pub use inverse::inverse;
pub use inverse::recover;
pub use reads::List;
pub use reads::ReadPlan;
pub use reads::conditions;
