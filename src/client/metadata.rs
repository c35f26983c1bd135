//! Fetching metadata and dropdown lists.

use crate::metadata::Metadata;
use crate::metadata::Note;
use crate::metadata::Reading;
use crate::metadata::read;
use crate::metadata::read_dropdown;
use crate::wire::Answer;
use crate::wire::Fault;
use crate::wire::ModuleName;
use crate::wire::Reaction;
use crate::wire::Read;

/// The sections of `/metadata` that anything here reads; the whole would be megabytes (fact sheet 7).
const SECTIONS: &[&str] = &[
    "full_module_list",
    "modules",
    "relationships",
    "acl",
    "server_info",
];

/// Lists asked for in one `/bulk`.
const LISTS_AT_ONCE: usize = 100;

/// Whose definitions are wanted.
#[derive(Debug, Clone, Copy)]
pub enum Wanted<'a> {
    Everything,
    Modules(&'a [ModuleName]),
}

/// Somebody who asks an instance, and again while it cannot answer.
pub trait Asks {
    type Error;

    /// Answers in the order of the reads. What is refused for good comes back as its fault.
    fn answers(
        &self,
        reads: Vec<Read>,
    ) -> impl Future<Output = Result<Vec<Result<Answer, Fault>>, Self::Error>>;

    /// What it means that something is refused without which there are no metadata.
    fn refused(fault: Fault) -> Self::Error;
}

async fn one<A: Asks>(asks: &A, read: Read) -> Result<Result<Answer, Fault>, A::Error> {
    let mut answers = asks.answers(vec![read]).await?;
    Ok(answers.pop().expect("one read has one answer"))
}

/// What tells whether metadata are the same as before. Only client code shows it (fact sheet 7), so an instance that
/// refuses it says nothing.
pub async fn fetch_metadata_hash<A: Asks>(asks: &A) -> Result<Option<String>, A::Error> {
    match one(asks, Read::MetadataHash).await? {
        Ok(answer) => {
            let hash = answer.body.get("_hash").unwrap_or(&answer.body).as_str();
            Ok(hash.filter(|hash| !hash.is_empty()).map(str::to_owned))
        }
        Err(fault) if fault.reaction() == Reaction::Fail => Ok(None),
        Err(fault) => Err(A::refused(fault)),
    }
}

/// Definitions of the modules and all their dropdown lists.
pub async fn fetch_metadata<A: Asks>(asks: &A, wanted: Wanted<'_>) -> Result<Reading, A::Error> {
    let modules = match wanted {
        Wanted::Everything => Vec::new(),
        Wanted::Modules(modules) => modules.to_vec(),
    };
    let sections = SECTIONS.iter().map(|name| (*name).to_owned()).collect();
    let answer = one(asks, Read::Metadata { sections, modules }).await?;
    let mut reading = read(&answer.map_err(A::refused)?.body);
    reading
        .notes
        .extend(fetch_dropdowns(asks, &mut reading.metadata).await?);
    Ok(reading)
}

/// Asks for each dropdown list that is not known yet, once however many fields share it. A list that cannot be had is
/// noted, and its values are then not checked.
async fn fetch_dropdowns<A: Asks>(
    asks: &A,
    metadata: &mut Metadata,
) -> Result<Vec<Note>, A::Error> {
    let missing: Vec<(String, String)> = metadata
        .missing_dropdowns(&[])
        .into_iter()
        .map(|(module, field)| (module.to_owned(), field.to_owned()))
        .collect();
    let mut notes = Vec::new();
    for part in missing.chunks(LISTS_AT_ONCE) {
        let reads = part
            .iter()
            .map(|(module, field)| Read::Enum {
                module: ModuleName::new(module),
                field: field.clone(),
            })
            .collect();
        let answers = asks.answers(reads).await?;
        for ((module, field), answer) in part.iter().zip(answers) {
            let refused = match answer {
                Ok(answer) => match read_dropdown(&answer.body) {
                    Some(list) => {
                        metadata.set_dropdown(module, field, list);
                        continue;
                    }
                    None => "not a list".to_owned(),
                },
                Err(fault) => fault.label().to_string(),
            };
            notes.push(Note {
                what: format!("the dropdown list could not be read ({refused})"),
                first_place: format!("{module}.{field}"),
                times: 1,
            });
        }
    }
    Ok(notes)
}
