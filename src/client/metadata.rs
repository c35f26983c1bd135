//! Fetching metadata and dropdown lists.

use super::Failure;
use super::Reader;
use crate::metadata::Metadata;
use crate::metadata::Note;
use crate::metadata::Reading;
use crate::metadata::read;
use crate::metadata::read_dropdown;
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

/// What tells whether metadata are the same as before. Only client code shows it (fact sheet 7), so an instance that
/// refuses it says nothing.
pub async fn fetch_metadata_hash(reader: &Reader) -> Result<Option<String>, Failure> {
    match reader.ask(&Read::MetadataHash).await {
        Ok(answer) => {
            let hash = answer.body.get("_hash").unwrap_or(&answer.body).as_str();
            Ok(hash.filter(|hash| !hash.is_empty()).map(str::to_owned))
        }
        Err(Failure::Whole(fault)) if fault.reaction() == Reaction::Fail => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// Definitions of the modules and all their dropdown lists.
pub async fn fetch_metadata(reader: &Reader, wanted: Wanted<'_>) -> Result<Reading, Failure> {
    let modules = match wanted {
        Wanted::Everything => Vec::new(),
        Wanted::Modules(modules) => modules.to_vec(),
    };
    let sections = SECTIONS.iter().map(|name| (*name).to_owned()).collect();
    let answer = reader.ask(&Read::Metadata { sections, modules }).await?;
    let mut reading = read(&answer.body);
    reading
        .notes
        .extend(fetch_dropdowns(reader, &mut reading.metadata).await?);
    Ok(reading)
}

/// Asks for each dropdown list that is not known yet, once however many fields share it. A list that cannot be had is
/// noted, and its values are then not checked.
async fn fetch_dropdowns(reader: &Reader, metadata: &mut Metadata) -> Result<Vec<Note>, Failure> {
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
        let answers = reader.send(reads).await?;
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
