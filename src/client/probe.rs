//! Questions that show what an instance can do: each a few reads, and an answer in words. Nothing here writes.

use serde_json::Value as Json;
use serde_json::json;

use super::Failure;
use super::Me;
use super::Reader;
use super::error::words;
use crate::metadata::read;
use crate::wire::Answer;
use crate::wire::Filter;
use crate::wire::FilterForm;
use crate::wire::ModuleName;
use crate::wire::Page;
use crate::wire::Read;

/// Modules every instance has and mostly records in, asked in this order.
const WALKED: &[&str] = &["Users", "Accounts", "Contacts"];

/// Something that can be asked of an instance a user is logged in to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Probe {
    Ping,
    Version,
    Bulk,
    MetadataHash,
    Walking,
}

/// What a probe found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It works; with what is worth knowing.
    Works(String),
    /// It does not, and is done without.
    Lacks(String),
    /// It does not, and nothing can be run without it.
    Fails(String),
    /// It cannot be told with what the instance holds.
    Open(String),
}

impl Probe {
    pub const ALL: [Self; 5] = [
        Self::Ping,
        Self::Version,
        Self::Bulk,
        Self::MetadataHash,
        Self::Walking,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Ping => "ping",
            Self::Version => "version",
            Self::Bulk => "bulk",
            Self::MetadataHash => "metadata hash",
            Self::Walking => "walking by id",
        }
    }

    /// What to do where it does not work.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Ping => "look for a gateway in between that lets only some paths through",
            Self::Version => "nothing: no command needs it",
            Self::Bulk => {
                "have the instance, or a gateway in front of it, let `POST /bulk` through: everything is sent that way"
            }
            Self::MetadataHash => "nothing: metadata is read all the same",
            Self::Walking => {
                "read large lists while nobody works in them: paging by offset can miss records that come and go"
            }
        }
    }

    /// Asks. A failure is a finding too.
    pub async fn ask(self, reader: &Reader, me: &Me) -> Finding {
        let found = match self {
            Self::Ping => ping(reader).await,
            Self::Version => version(reader).await,
            Self::Bulk => bulk(reader, me).await,
            Self::MetadataHash => metadata_hash(reader).await,
            Self::Walking => walking(reader).await,
        };
        match (found, self) {
            (Ok(finding), _) => finding,
            (Err(failure), Self::Ping | Self::Bulk) => Finding::Fails(said(&failure)),
            (Err(failure), _) => Finding::Lacks(said(&failure)),
        }
    }
}

fn said(failure: &Failure) -> String {
    match failure {
        Failure::Stop(error) => error.to_string(),
        Failure::NotSent(fault) | Failure::Whole(fault) => words(fault),
    }
}

/// Whether the instance answers at all.
async fn ping(reader: &Reader) -> Result<Finding, Failure> {
    let answer = reader.ask(&Read::Ping).await?;
    Ok(match answer.body.as_str() {
        Some("pong") => Finding::Works("answers".into()),
        _ => Finding::Lacks("answers, though not with `pong`".into()),
    })
}

/// What the server says it is.
async fn version(reader: &Reader) -> Result<Finding, Failure> {
    let request = Read::Metadata {
        sections: vec!["server_info".into()],
        modules: Vec::new(),
    };
    let server = read(&reader.ask(&request).await?.body).metadata.server;
    let known: Vec<String> = server.version.into_iter().chain(server.flavor).collect();
    Ok(if known.is_empty() {
        Finding::Lacks("the instance does not say".into())
    } else {
        Finding::Works(known.join(" "))
    })
}

/// Whether several requests can go as one, and come back in their order.
async fn bulk(reader: &Reader, me: &Me) -> Result<Finding, Failure> {
    let answers = reader.send(vec![Read::Ping, Read::Me, Read::Ping]).await?;
    Ok(match answers.as_slice() {
        [Ok(_), Ok(second), Ok(_)] if is_about(second, me) => {
            Finding::Works("answers every request, in the order sent".into())
        }
        [Ok(_), Ok(_), Ok(_)] => Finding::Fails("the answers are not in the order sent".into()),
        answers => {
            let fault = answers.iter().find_map(|answer| answer.as_ref().err());
            Finding::Fails(fault.map_or("answers are missing".into(), words))
        }
    })
}

fn is_about(answer: &Answer, me: &Me) -> bool {
    Me::read(answer).is_some_and(|answered| answered.id == me.id)
}

/// Whether a change of the metadata can be seen without fetching it.
async fn metadata_hash(reader: &Reader) -> Result<Finding, Failure> {
    let answer = reader.ask(&Read::MetadataHash).await?;
    let hash = match &answer.body {
        Json::String(hash) => Some(hash.as_str()),
        body => body.get("_hash").and_then(Json::as_str),
    };
    Ok(match hash {
        Some(hash) => Finding::Works(hash.to_owned()),
        None => Finding::Lacks("no hash came, so metadata is fetched whole each time".into()),
    })
}

/// Whether a large list can be walked by id, which stays right while records come and go: the records behind the first
/// one, by id, are those that stand behind it in the list.
async fn walking(reader: &Reader) -> Result<Finding, Failure> {
    for module in WALKED {
        let first = ids(reader, module, Filter::default()).await?;
        let [begin, behind @ ..] = first.as_slice() else {
            continue;
        };
        let Some(next) = behind.first() else { continue };
        let beyond = Filter::new(vec![json!({ "id": { "$gt": begin } })]);
        let walked = ids(reader, module, beyond).await?;
        return Ok(if walked.first() == Some(next) {
            Finding::Works(format!("asked of {module}"))
        } else {
            Finding::Lacks(format!(
                "`id $gt` does not go on in the order of `id` (asked of {module}), so lists are paged by offset"
            ))
        });
    }
    Ok(Finding::Open(
        "this user sees no two records of one module to try it on".into(),
    ))
}

/// The first few ids, in their order. A module this user may not list has none.
async fn ids(reader: &Reader, module: &str, filter: Filter) -> Result<Vec<String>, Failure> {
    let request = Read::Filter {
        module: ModuleName::new(module),
        filter,
        saved_filter: None,
        form: FilterForm::Post,
        page: Page {
            fields: Some(vec!["id".into()]),
            order_by: Some("id:ASC".into()),
            max_num: 3,
            offset: 0,
        },
    };
    let answer = match reader.ask(&request).await {
        Ok(answer) => answer,
        Err(Failure::Whole(fault)) if fault.status().is_some_and(|status| status < 500) => {
            return Ok(Vec::new());
        }
        Err(failure) => return Err(failure),
    };
    let records = answer.records().map(|page| page.records);
    Ok(records
        .unwrap_or_default()
        .iter()
        .filter_map(|record| Some(record.get("id")?.as_str()?.to_owned()))
        .collect())
}
