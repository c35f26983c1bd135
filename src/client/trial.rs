//! What an instance does with writes, tried on one record that is made for it and deleted again.

use std::sync::Arc;

use serde_json::Map;
use serde_json::Value as Json;

use super::Failure;
use super::Finding;
use super::Writer;
use super::error::words;
use crate::wire::Answer;
use crate::wire::Fault;
use crate::wire::Label;
use crate::wire::LinkName;
use crate::wire::LinkTarget;
use crate::wire::ModuleName;
use crate::wire::Parent;
use crate::wire::Read;
use crate::wire::RecordId;
use crate::wire::SugarLabel;
use crate::wire::Write;

/// A time that no record was saved at.
const LONG_AGO: &str = "1990-01-01T00:00:00+00:00";

/// What is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tried {
    ClientIds,
    CreateBelowNothing,
    LinkToNothing,
    StaleWrite,
    /// That nothing of it is left.
    Gone,
}

impl Tried {
    pub const ALL: [Self; 5] = [
        Self::ClientIds,
        Self::CreateBelowNothing,
        Self::LinkToNothing,
        Self::StaleWrite,
        Self::Gone,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::ClientIds => "client ids",
            Self::CreateBelowNothing => "create below nothing",
            Self::LinkToNothing => "link to nothing",
            Self::StaleWrite => "stale write",
            Self::Gone => "nothing left",
        }
    }

    /// What to do where it does not work.
    pub fn advice(self) -> &'static str {
        match self {
            Self::ClientIds => {
                "keep the ledger of ids between runs, which tells what record a `key` made (docs/files.md); a create whose \
                 answer is lost is looked for by its values, and is `unknown` where that does not tell"
            }
            Self::CreateBelowNothing | Self::LinkToNothing => {
                "nothing: sugarmill waits for a record before it sends what is built on it"
            }
            Self::StaleWrite => {
                "nothing: each record is looked at before it is written; a change in the seconds between is not seen"
            }
            Self::Gone => "delete what is named by hand",
        }
    }
}

/// A record to be created below the one that is made, and the link between the two.
#[derive(Debug, Clone, PartialEq)]
pub struct Below {
    pub link: LinkName,
    pub module: ModuleName,
    pub fields: Map<String, Json>,
}

/// One record of a module, and what is tried on it.
pub struct Trial<'a> {
    pub writer: &'a Writer,
    pub module: ModuleName,
    pub fields: Map<String, Json>,
    /// The id that is asked for.
    pub id: RecordId,
    /// An id that no record has.
    pub nobody: RecordId,
    /// Where the module has a link to try.
    pub below: Option<Below>,
    /// Whether anybody still wants to know. Where nobody does nothing new is tried, and what was made is taken away.
    pub goes_on: &'a (dyn Fn() -> bool + Sync),
}

impl Trial<'_> {
    /// Tries everything, and takes away what it made, whatever happens in between. Without a record to try it on the first
    /// finding is the only one.
    pub async fn run(&self) -> Vec<(Tried, Finding)> {
        if !(self.goes_on)() {
            return Vec::new();
        }
        let (id, finding) = match self.create().await {
            Ok(made) => made,
            Err(finding) => return vec![(Tried::ClientIds, finding)],
        };
        let mut findings = vec![(Tried::ClientIds, finding)];
        let mut left = vec![(self.module.clone(), id.clone())];
        for tried in [
            Tried::CreateBelowNothing,
            Tried::LinkToNothing,
            Tried::StaleWrite,
        ] {
            if !(self.goes_on)() {
                break;
            }
            let finding = match (tried, &self.below) {
                (Tried::StaleWrite, _) => self.stale_write(&id).await,
                (_, None) => Finding::Open("the module has no link to try it on".into()),
                (Tried::LinkToNothing, Some(below)) => self.link_to_nothing(&id, below).await,
                (_, Some(below)) => self.create_below_nothing(below, &mut left).await,
            };
            findings.push((tried, finding));
        }
        findings.push((Tried::Gone, self.take_away(left).await));
        findings
    }

    async fn create(&self) -> Result<(RecordId, Finding), Finding> {
        let mut fields = self.fields.clone();
        fields.insert("id".into(), self.id.as_str().into());
        let write = Write::Create {
            module: self.module.clone(),
            fields,
        };
        let answer = match self.send(write).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(fault)) if fault.may_have_happened() => {
                return Err(Finding::Fails(format!(
                    "no answer to a create: {}; look whether {} `{}` is there and delete it",
                    words(&fault),
                    self.module,
                    self.id
                )));
            }
            Ok(Err(fault)) => {
                let said = words(&fault);
                let module = &self.module;
                return Err(Finding::Fails(format!(
                    "a record of {module} cannot be created: {said}"
                )));
            }
            Err(failure) => return Err(Finding::Fails(said(&failure))),
        };
        let Some(given) = id_of(&answer.body) else {
            return Err(Finding::Fails(format!(
                "the answer to a create shows no id; look for {} `{}` and delete it",
                self.module, self.id
            )));
        };
        let finding = match given == self.id {
            true => Finding::Works("a new record gets the id that is asked for".into()),
            false => Finding::Lacks("a new record gets an id of the instance's choice".into()),
        };
        Ok((given, finding))
    }

    async fn create_below_nothing(
        &self,
        below: &Below,
        left: &mut Vec<(ModuleName, RecordId)>,
    ) -> Finding {
        let parent = Parent {
            module: self.module.clone(),
            record: self.nobody.clone(),
            link: below.link.clone(),
        };
        let write = Write::CreateRelated {
            parent,
            fields: below.fields.clone(),
        };
        let what = format!(
            "a record of {} below one of {} that is not there",
            below.module, self.module
        );
        match self.send(write).await {
            Ok(Ok(answer)) => {
                let made = answer.body.get("related_record").and_then(id_of);
                let named = made.map(|id| {
                    left.push((below.module.clone(), id.clone()));
                    format!("`{id}`")
                });
                let named = named.unwrap_or_else(|| "one whose id the answer does not show".into());
                Finding::Lacks(format!("{what} is made all the same: {named}"))
            }
            other => refused(&what, other),
        }
    }

    async fn link_to_nothing(&self, id: &RecordId, below: &Below) -> Finding {
        let write = Write::Link {
            module: self.module.clone(),
            record: id.clone(),
            link: below.link.clone(),
            targets: vec![LinkTarget::plain(self.nobody.clone())],
        };
        let what = format!("a link to a record of {} that is not there", below.module);
        match self.send(write).await {
            // It goes with the record.
            Ok(Ok(_)) => Finding::Lacks(format!("{what} is taken")),
            other => refused(&what, other),
        }
    }

    async fn stale_write(&self, id: &RecordId) -> Finding {
        let write = Write::Update {
            module: self.module.clone(),
            record: id.clone(),
            fields: self.fields.clone(),
            expected: Some(LONG_AGO.into()),
        };
        match self.send(write).await {
            Ok(Ok(_)) => Finding::Lacks(
                "a write with an `X-Timestamp` from before the last change is taken".into(),
            ),
            Ok(Err(fault)) if fault.label() == Label::Sugar(SugarLabel::EditConflict) => {
                Finding::Works("a write that a change came before is refused".into())
            }
            Ok(Err(fault)) => Finding::Open(words(&fault)),
            Err(failure) => Finding::Open(said(&failure)),
        }
    }

    async fn take_away(&self, left: Vec<(ModuleName, RecordId)>) -> Finding {
        let mut there = Vec::new();
        for (module, record) in left {
            let named = format!("{module} `{record}`");
            let deleted = self.send(Write::Delete {
                module: module.clone(),
                record: record.clone(),
            });
            let why = match deleted.await {
                Ok(Ok(_)) => {
                    let reader = self.writer.reader();
                    let read = Read::Get {
                        module,
                        record,
                        fields: Some(vec!["id".into()]),
                    };
                    match reader.ask(&read).await {
                        Ok(_) => "it was deleted and is there".into(),
                        Err(_) => continue,
                    }
                }
                Ok(Err(fault)) => words(&fault),
                Err(failure) => said(&failure),
            };
            there.push(format!("{named} is left: {why}"));
        }
        match there.is_empty() {
            true => Finding::Works("what was made for this is deleted".into()),
            false => Finding::Fails(there.join("; ")),
        }
    }

    async fn send(&self, write: Write) -> Result<Result<Answer, Fault>, Failure> {
        let mut answers = self.writer.send(vec![Arc::new(write)]).await?;
        let answer = answers.pop().expect("one write has one answer");
        Ok(answer.and_then(Answer::read))
    }
}

/// A refusal that is wanted: what Sugar says of a record that is not there.
fn refused(what: &str, answer: Result<Result<Answer, Fault>, Failure>) -> Finding {
    match answer {
        Ok(Err(fault)) if fault.status().is_some_and(|status| status < 500) => {
            Finding::Works(format!("{what} is refused ({})", fault.label()))
        }
        Ok(Err(fault)) => Finding::Open(words(&fault)),
        Err(failure) => Finding::Open(said(&failure)),
        Ok(Ok(_)) => Finding::Lacks(format!("{what} is taken")),
    }
}

fn said(failure: &Failure) -> String {
    failure.fault().map_or_else(|| failure.to_string(), words)
}

fn id_of(record: &Json) -> Option<RecordId> {
    Some(RecordId::new(record.get("id")?.as_str()?))
}
