//! The client that cannot write.

use std::sync::Arc;
use std::time::Duration;

use backon::BackoffBuilder as _;
use backon::ExponentialBuilder;

use super::Asks;
use super::ClientError;
use super::Connection;
use super::Counts;
use super::Failure;
use super::Me;
use super::Site;
use super::error::words;
use super::exchange::Exchange;
use crate::diag::Vault;
use crate::wire::Answer;
use crate::wire::Fault;
use crate::wire::Label;
use crate::wire::LocalLabel;
use crate::wire::Reaction;
use crate::wire::Read;
use crate::wire::Sent;

/// How often what comes before a run is tried besides, and what is waited before that.
const MORE_TRIES: usize = 4;
const FIRST_DELAY: Duration = Duration::from_millis(500);

/// Sends reads and nothing else. Cheap to clone; clones share session and counts.
#[derive(Debug, Clone)]
pub struct Reader {
    exchange: Exchange,
}

impl Reader {
    /// Sends nothing yet.
    pub fn new(connection: Connection) -> Result<Self, ClientError> {
        Ok(Self {
            exchange: Exchange::new(connection)?,
        })
    }

    /// The same session for somebody who works with the stand-ins of secrets.
    #[must_use]
    pub fn keeping(&self, vault: Arc<Vault>) -> Self {
        Self {
            exchange: self.exchange.keeping(vault),
        }
    }

    /// Logs in and asks who is logged in, so that whatever is wrong with address, login or token shows at once.
    pub async fn connect(connection: Connection) -> Result<(Self, Me), ClientError> {
        let reader = Self::new(connection)?;
        let me = reader.log_in().await?;
        Ok((reader, me))
    }

    /// The first contact: whatever is wrong with the way there is said as such. What passes by itself is waited for, as
    /// long as a request that is repeated is.
    pub async fn log_in(&self) -> Result<Me, ClientError> {
        let asked = self.patiently(vec![Read::Me], passes).await;
        let answer = match asked.map(|mut answers| answers.pop()) {
            Ok(answer) => answer.expect("one read has one answer"),
            Err(Failure::Stop(error)) => return Err(error),
            Err(Failure::NotSent(fault) | Failure::Whole(fault)) => Err(fault),
        };
        self.me_of(&answer.map_err(|fault| self.not_there(fault))?)
    }

    /// Reads that go again, a few times, while what is wrong with them may pass. What is refused for good, or for as long
    /// as that takes, comes back as its fault.
    async fn patiently(
        &self,
        reads: Vec<Read>,
        passes: impl Fn(&Fault) -> bool,
    ) -> Result<Vec<Result<Answer, Fault>>, Failure> {
        let mut answers: Vec<Option<Result<Answer, Fault>>> = vec![None; reads.len()];
        let mut delays = ExponentialBuilder::new()
            .with_min_delay(FIRST_DELAY)
            .with_max_times(MORE_TRIES)
            .with_jitter()
            .build();
        let mut is_again = false;
        loop {
            let is_open = |place: &usize| match &answers[*place] {
                None => true,
                Some(Ok(_)) => false,
                Some(Err(fault)) => passes(fault),
            };
            let open: Vec<usize> = (0..reads.len()).filter(is_open).collect();
            if open.is_empty() {
                return Ok(answers.into_iter().flatten().collect());
            }
            if std::mem::replace(&mut is_again, true) {
                self.retried(open.len());
            }
            let wanted = open.iter().map(|place| reads[*place].clone()).collect();
            let (fault, failure) = match self.send(wanted).await {
                Ok(found) => {
                    let mut failed = found.iter().filter_map(|answer| answer.as_ref().err());
                    let fault = failed.find(|fault| passes(fault)).cloned();
                    for (place, answer) in open.iter().zip(found) {
                        answers[*place] = Some(answer);
                    }
                    (fault, None)
                }
                Err(failure) => (
                    failure.fault().filter(|fault| passes(fault)).cloned(),
                    Some(failure),
                ),
            };
            let Some((fault, delay)) = fault.zip(delays.next()) else {
                return match failure {
                    Some(failure) => Err(failure),
                    None => Ok(answers.into_iter().flatten().collect()),
                };
            };
            let wanted = fault.retry_after();
            let delay = wanted.map_or(delay, |wanted| wanted.max(delay));
            tracing::warn!("{fault}; trying again in {delay:.1?}");
            tokio::time::sleep(delay).await;
        }
    }

    /// One read goes as itself, several as one `/bulk`.
    pub async fn send(&self, reads: Vec<Read>) -> Result<Vec<Result<Answer, Fault>>, Failure> {
        match reads.as_slice() {
            [one] => Ok(vec![self.exchange.single(&one.encode()).await?]),
            several => {
                let encoded: Vec<_> = several.iter().map(Read::encode).collect();
                let entries = self.exchange.bulk(&encoded, &[]).await?;
                Ok(entries
                    .into_iter()
                    .map(|entry| entry.and_then(Answer::read))
                    .collect())
            }
        }
    }

    /// One read; its fault is the failure.
    pub async fn ask(&self, read: &Read) -> Result<Answer, Failure> {
        self.exchange
            .single(&read.encode())
            .await?
            .map_err(Failure::Whole)
    }

    pub async fn me(&self) -> Result<Me, Failure> {
        let answer = self.ask(&Read::Me).await?;
        Ok(self.me_of(&answer)?)
    }

    fn me_of(&self, answer: &Answer) -> Result<Me, ClientError> {
        Me::read(answer).ok_or_else(|| ClientError::NotSugar {
            site: self.site().to_string(),
            detail: "`/me` names no user".into(),
        })
    }

    pub fn site(&self) -> &Site {
        &self.exchange.connection().site
    }

    /// Whose password it logs in with; nothing where it has a token.
    pub fn username(&self) -> Option<&str> {
        self.exchange.connection().credentials.username()
    }

    /// A second login with this and the same user ends this session.
    pub fn platform(&self) -> &str {
        &self.exchange.connection().platform
    }

    /// On what an answer depends besides the request and who asks.
    pub fn manner(&self) -> [String; 3] {
        let connection = self.exchange.connection();
        [
            connection.site.to_string(),
            connection.api_version.to_string(),
            connection.platform.clone(),
        ]
    }

    /// How long an answer is awaited.
    pub fn request_timeout(&self) -> Duration {
        self.exchange.connection().request_timeout
    }

    /// What was sent in this session since this was asked last, so that each request is counted once.
    pub fn take_counts(&self) -> Counts {
        self.exchange.take_counts()
    }

    /// So many entries are sent again, by whoever repeats them.
    pub fn retried(&self, entries: usize) {
        self.exchange
            .retried(u64::try_from(entries).unwrap_or(u64::MAX));
    }

    /// Ends the session at the instance, as far as that works. A token that was given stays valid.
    pub async fn log_out(self) {
        self.exchange.log_out().await;
    }

    /// What a fault of the very first requests says of the address.
    fn not_there(&self, fault: Fault) -> ClientError {
        let site = self.site().to_string();
        match &fault {
            Fault::NotJson {
                status: 300..400,
                excerpt,
                ..
            } => ClientError::Redirected {
                site,
                detail: excerpt.clone(),
            },
            Fault::NotJson { status, .. } if *status < 500 => ClientError::NotSugar {
                site,
                detail: fault.to_string(),
            },
            Fault::Refused {
                label: Label::Local(LocalLabel::Http),
                status,
                ..
            } if *status < 500 && *status != 429 => ClientError::NotSugar {
                site,
                detail: fault.to_string(),
            },
            _ if fault.reaction() == Reaction::Stop => ClientError::WrongVersion {
                site,
                version: self.exchange.connection().api_version.to_string(),
                message: words(&fault),
            },
            _ => ClientError::Unreachable { site, fault },
        }
    }

    pub(super) fn exchange(&self) -> &Exchange {
        &self.exchange
    }
}

impl Asks for Reader {
    type Error = Failure;

    /// There has been an answer before, so that a connection that nobody takes is one that will be taken again.
    async fn answers(&self, reads: Vec<Read>) -> Result<Vec<Result<Answer, Fault>>, Failure> {
        let may_pass = |fault: &Fault| passes(fault) || matches!(fault, Fault::Network { .. });
        self.patiently(reads, may_pass).await
    }

    fn refused(fault: Fault) -> Failure {
        Failure::Whole(fault)
    }
}

/// Whether a fault of the first contact may be gone a moment later. Where nothing listens, or what answers is no Sugar,
/// the address is wrong, and whoever wrote it wants to know at once.
fn passes(fault: &Fault) -> bool {
    match fault {
        Fault::Refused { status, .. } => fault.reaction() == Reaction::Repeat || *status == 429,
        Fault::NotJson { status, .. } => *status >= 500 || *status == 429,
        Fault::Network { sent, .. } => *sent == Sent::Perhaps,
        Fault::Timeout { .. } => true,
    }
}
