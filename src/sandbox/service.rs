//! One request from arrival to answer: faults, cost, log, and the calls in between.

use std::sync::PoisonError;
use std::sync::RwLock;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::Ordering;
use std::time::Duration;
use std::time::Instant;

use axum::body::Bytes;
use serde_json::Value;
use serde_json::json;
use tokio::sync::mpsc;
use tokio::sync::oneshot;

use super::administration;
use super::answer::Answer;
use super::answer::Body;
use super::bulk;
use super::call::Call;
use super::call::Headers;
use super::call::Method;
use super::config::Config;
use super::config::Limits;
use super::cost::CostModel;
use super::dispatch::no_method;
use super::endpoint::Endpoint;
use super::engine::Done;
use super::engine::Gate;
use super::engine::Job;
use super::engine::Task;
use super::failure::Failure;
use super::faults::Effect;
use super::faults::LiveFaults;
use super::faults::Scope;
use super::log::Log;
use super::log::Outcome;
use super::log::Seen;
use super::orders::Order;
use super::workers::Workers;
use crate::wire::SugarLabel;

/// What every request needs.
pub(crate) struct Service {
    jobs: mpsc::UnboundedSender<Job>,
    pub(crate) limits: Limits,
    cost: RwLock<Option<CostModel>>,
    workers: Workers,
    pub(crate) faults: LiveFaults,
    log: Option<Log>,
    requests: AtomicU64,
}

/// What leaves the sandbox.
#[derive(Debug)]
pub(crate) enum Reply {
    Whole(Answer),
    /// Half of the answer.
    Half(Answer),
    /// The connection breaks.
    Nothing,
}

/// What the faults that strike a call leave of it.
enum Fate {
    Served(End),
    Refused(Answer),
    Dropped,
}

/// What becomes of an answer after the work was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Arrives,
    Truncated,
    Lost,
}

impl Service {
    pub(crate) fn new(config: &Config, jobs: mpsc::UnboundedSender<Job>, log: Option<Log>) -> Self {
        Self {
            jobs,
            limits: config.limits,
            cost: RwLock::new(config.cost),
            workers: Workers::new(config.cost.map(|cost| cost.workers)),
            faults: LiveFaults::new(config.faults.clone()),
            log,
            requests: AtomicU64::new(0),
        }
    }

    /// What requests cost now.
    pub(crate) fn cost(&self) -> Option<CostModel> {
        *self.cost.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// What requests cost from now on, those that are under way included.
    pub(crate) fn set_cost(&self, cost: Option<CostModel>) {
        *self.cost.write().unwrap_or_else(PoisonError::into_inner) = cost;
        self.workers.set(cost.map(|cost| cost.workers));
    }

    pub(crate) async fn serve(
        &self,
        method: &str,
        target: &str,
        headers: Headers,
        raw: Result<Bytes, Failure>,
    ) -> Reply {
        if is_administrative(target) {
            return Reply::Whole(match raw {
                Ok(raw) => administration::serve(self, method, target, &raw).await,
                Err(failure) => failure.into_answer(),
            });
        }
        let _worker = self.workers.next().await;
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let begun = Instant::now();
        if let Some(cost) = self.cost() {
            tokio::time::sleep(cost.request).await;
        }
        let call = raw.and_then(|raw| {
            let method = Method::parse(method).ok_or_else(no_method)?;
            Call::read(method, target, headers, raw)
        });
        let call = match call {
            Ok(call) => call,
            Err(failure) => {
                let reply = Reply::Whole(failure.into_answer());
                let seen = self.log.as_ref().map(|_| Seen::unreadable(method, target));
                self.note(number, None, seen, reply.status(), begun);
                return reply;
            }
        };
        let seen = self.log.as_ref().map(|_| Seen::of(&call));
        let reply = match self.fate(Scope::Request, &call).await {
            Fate::Refused(answer) => Reply::Whole(answer),
            Fate::Dropped => Reply::Nothing,
            Fate::Served(end) => self.answer(call, number).await.with(end),
        };
        self.note(number, None, seen, reply.status(), begun);
        reply
    }

    async fn answer(&self, call: Call, number: u64) -> Reply {
        if Endpoint::of(call.method, &call.segments) == Some(Endpoint::Bulk) {
            return self.bulk(call, number).await;
        }
        self.single(Ok(call), Gate::Open)
            .await
            .unwrap_or_else(Reply::Whole)
    }

    /// Serves the entries in order. With a cost model or faults each is served when its turn comes, so that a bulk
    /// under way is half done, as on a real instance; otherwise all are served at once.
    async fn bulk(&self, call: Call, number: u64) -> Reply {
        let token = call.token().map(str::to_owned);
        let mut metadata_hash = call.headers.metadata_hash.clone();
        let entries = match bulk::entries(call, self.limits) {
            Ok(entries) => entries,
            Err(failure) => return Reply::Whole(failure.into_answer()),
        };
        let mut answers = Vec::with_capacity(entries.len());
        if self.cost().is_none() && self.log.is_none() && !self.faults.has(Scope::Entry) {
            let gate = Gate::Outer {
                token,
                metadata_hash,
            };
            return Reply::Whole(match self.run(entries, gate).await {
                Ok(done) => bulk::answer(done.into_iter().map(|done| done.answer)),
                Err(answer) => answer,
            });
        }
        for (index, entry) in entries.into_iter().enumerate() {
            let begun = Instant::now();
            let seen = self
                .log
                .as_ref()
                .and_then(|_| entry.as_ref().ok().map(Seen::of));
            let gate = Gate::Outer {
                token: token.clone(),
                // Once the bulk was let in, it is served to its end.
                metadata_hash: metadata_hash.take(),
            };
            let reply = self.single(entry, gate).await;
            let reply = match reply {
                Ok(reply) => reply,
                // Only what the outer call says can fail so; the first entry is where that is found out.
                Err(answer) if index == 0 => return Reply::Whole(answer),
                Err(answer) => Reply::Whole(answer),
            };
            self.note(number, Some(index), seen, reply.status(), begun);
            match reply {
                Reply::Whole(answer) => answers.push(answer),
                // Of the bulk's answer, half of what there is when it breaks.
                Reply::Half(answer) => {
                    answers.push(answer);
                    return Reply::Half(bulk::answer(answers.into_iter()));
                }
                Reply::Nothing => return Reply::Nothing,
            }
        }
        Reply::Whole(bulk::answer(answers.into_iter()))
    }

    /// One call: the faults that strike it, the work, the time that the work takes.
    async fn single(&self, call: Result<Call, Failure>, gate: Gate) -> Result<Reply, Answer> {
        let end = match &call {
            Ok(call) => match self.fate(Scope::Entry, call).await {
                Fate::Served(end) => end,
                Fate::Refused(answer) => return Ok(Reply::Whole(answer)),
                Fate::Dropped => return Ok(Reply::Nothing),
            },
            Err(_) => End::Arrives,
        };
        let done = self.run(vec![call], gate).await?.pop();
        let Some(done) = done else {
            return Err(no_method().into_answer());
        };
        if let Some(cost) = self.cost() {
            tokio::time::sleep(cost.of(done.work, done.answer.records)).await;
        }
        Ok(Reply::Whole(done.answer).with(end))
    }

    /// Lets the faults of a call take effect and says what is left to do.
    async fn fate(&self, scope: Scope, call: &Call) -> Fate {
        if !self.faults.has(scope) {
            return Fate::Served(End::Arrives);
        }
        let path = format!("/{}", call.segments.join("/"));
        let mut end = End::Arrives;
        for effect in self.faults.strike(scope, call.method, &path) {
            match effect {
                Effect::Latency(time) => tokio::time::sleep(time).await,
                Effect::Label(label) => {
                    let message = format!("The sandbox was told to answer {}.", label.as_str());
                    return Fate::Refused(Failure::new(label, message).into_answer());
                }
                Effect::OwnLabel { label, status } => {
                    let message = format!("The sandbox was told to answer {label}.");
                    let body = json!({ "error": label, "error_message": message });
                    return Fate::Refused(Answer::json(status, body));
                }
                Effect::Status {
                    status,
                    retry_after,
                } => {
                    let mut answer = Answer::json(status, Value::Null);
                    answer
                        .headers
                        .extend(retry_after.map(|seconds| ("retry-after", seconds.to_string())));
                    return Fate::Refused(answer);
                }
                Effect::Html(status) => return Fate::Refused(gateway_page(status)),
                Effect::DropBefore => return Fate::Dropped,
                Effect::DropAfter => end = End::Lost,
                Effect::Truncate => end = End::Truncated,
                Effect::ExpireTokens => self.order(Order::ExpireTokens).await,
                Effect::EndSessions => self.order(Order::EndSessions).await,
                Effect::ChangeMetadata(gone) => {
                    self.order(Order::ChangeMetadata(gone)).await;
                }
                Effect::Edit { field, value } => {
                    if let [module, id, ..] = call.segments.as_slice() {
                        let (module, id) = (module.clone(), id.clone());
                        self.order(Order::Edit {
                            module,
                            id,
                            field,
                            value,
                        })
                        .await;
                    }
                }
            }
        }
        Fate::Served(end)
    }

    async fn run(
        &self,
        calls: Vec<Result<Call, Failure>>,
        gate: Gate,
    ) -> Result<Vec<Done>, Answer> {
        let (reply, done) = oneshot::channel();
        self.jobs
            .send(Job {
                task: Task::Calls { calls, gate },
                reply,
            })
            .map_err(|_| gone())?;
        done.await.map_err(|_| gone())?
    }

    /// Carries out a fault's order; one that has no object (an edit of no record) does nothing.
    async fn order(&self, order: Order) {
        let _ = self.ask(order).await;
    }

    /// Carries out an order that may be refused.
    pub(crate) async fn ask(&self, order: Order) -> Result<(), Answer> {
        let (reply, done) = oneshot::channel();
        self.jobs
            .send(Job {
                task: Task::Order(order),
                reply,
            })
            .map_err(|_| gone())?;
        done.await.map_err(|_| gone())?.map(|_| ())
    }

    fn note(
        &self,
        number: u64,
        entry: Option<usize>,
        seen: Option<Seen>,
        status: Option<u16>,
        begun: Instant,
    ) {
        if let (Some(log), Some(seen)) = (&self.log, seen) {
            let took: Duration = begun.elapsed();
            log.write(number, entry, &seen, Outcome { status, took });
            if entry.is_none() {
                log.flush();
            }
        }
    }
}

impl Reply {
    fn with(self, end: End) -> Self {
        match (self, end) {
            (Self::Whole(answer), End::Truncated) => Self::Half(answer),
            (_, End::Lost) => Self::Nothing,
            (reply, _) => reply,
        }
    }

    fn status(&self) -> Option<u16> {
        match self {
            Self::Whole(answer) | Self::Half(answer) => Some(answer.status),
            Self::Nothing => None,
        }
    }
}

/// `/sandbox/…`, unless a site is installed in a folder of that name.
fn is_administrative(target: &str) -> bool {
    target.trim_start_matches('/').starts_with("sandbox/") && !target.contains("/rest/")
}

fn gone() -> Answer {
    Failure::new(SugarLabel::FatalError, "Unknown Error.").into_answer()
}

/// What a load balancer puts in place of the instance's answer.
fn gateway_page(status: u16) -> Answer {
    let page = format!(
        "<html>\r\n<head><title>{status}</title></head>\r\n<body><center><h1>{status}</h1></center></body>\r\n</html>\r\n"
    );
    let body = Body::File {
        content: Bytes::from(page),
        mime: "text/html".to_owned(),
    };
    Answer {
        status,
        body,
        headers: Vec::new(),
        records: 1,
    }
}
