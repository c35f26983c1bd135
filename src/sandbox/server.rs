//! HTTP: starts and stops the server, turns requests into calls and answers into responses.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::body;
use axum::body::Bytes;
use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::Response;
use tokio::sync::Semaphore;
use tokio::sync::mpsc;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::answer::Answer;
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
use super::engine::Engine;
use super::engine::Gate;
use super::engine::Job;
use super::failure::Failure;
use super::line;
use super::schema::SchemaError;
use crate::wire::SugarLabel;

#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    #[error("cannot listen on port {port}")]
    Listen {
        port: u16,
        #[source]
        source: std::io::Error,
    },
    #[error("the sandbox's database failed")]
    Store(#[from] rusqlite::Error),
    #[error(transparent)]
    Schema(#[from] SchemaError),
    #[error("cannot write the request log `{}`", path.display())]
    Log {
        path: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("cannot make the demo data")]
    Demo(String),
    #[error("cannot start the sandbox's thread")]
    Thread(#[source] std::io::Error),
}

/// A sandbox that is up. Dropping it lets the server go down too; [`Running::stop`] waits until it is.
#[derive(Debug)]
pub struct Running {
    url: String,
    password: String,
    stop: Option<oneshot::Sender<()>>,
    server: JoinHandle<()>,
    engine: Option<thread::JoinHandle<()>>,
}

impl Running {
    /// `http://127.0.0.1:PORT`, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The administrator's name.
    pub fn username(&self) -> &'static str {
        "admin"
    }

    /// The password of the administrator and of every demo user, fixed by the seed.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// Stops taking requests, waits a moment for those under way, closes the database.
    pub async fn stop(mut self) {
        self.stop.take();
        if tokio::time::timeout(GRACE, &mut self.server).await.is_err() {
            self.server.abort();
        }
        if let Some(engine) = self.engine.take() {
            // The thread ends when the last request that can send to it is gone.
            let joined = tokio::task::spawn_blocking(move || engine.join());
            let _ = tokio::time::timeout(GRACE, joined).await;
        }
    }
}

/// How long a stop waits for requests that are under way.
const GRACE: Duration = Duration::from_secs(3);

/// What every request needs.
struct Server {
    jobs: mpsc::UnboundedSender<Job>,
    limits: Limits,
    cost: Option<CostModel>,
    workers: Semaphore,
}

/// Starts a sandbox on the caller's runtime, bound to loopback only.
pub async fn start(config: Config) -> Result<Running, SandboxError> {
    let (listener, address) =
        line::listen(config.port)
            .await
            .map_err(|source| SandboxError::Listen {
                port: config.port,
                source,
            })?;
    let (jobs, queue) = mpsc::unbounded_channel();
    let server = Server {
        jobs,
        limits: config.limits,
        cost: config.cost,
        workers: Semaphore::new(
            config
                .cost
                .map_or(Semaphore::MAX_PERMITS, |cost| cost.workers.max(1)),
        ),
    };
    // Opening fills in the demo data, which takes a while.
    let (ready, opened) = oneshot::channel();
    let engine = thread::Builder::new()
        .name("sandbox-store".to_owned())
        .spawn(move || {
            match Engine::open(&config).and_then(|engine| Ok((engine.password()?, engine))) {
                Ok((password, engine)) => {
                    let _ = ready.send(Ok(password));
                    engine.serve(queue);
                }
                Err(error) => {
                    let _ = ready.send(Err(error));
                }
            }
        })
        .map_err(SandboxError::Thread)?;
    let password = opened
        .await
        .map_err(|_| SandboxError::Demo("the sandbox's thread ended early".to_owned()))??;
    let router = Router::new().fallback(handle).with_state(Arc::new(server));
    let (stop, stopped) = oneshot::channel::<()>();
    let server = tokio::spawn(async move {
        let down = async move {
            let _ = stopped.await;
        };
        if let Err(error) = axum::serve(listener, router)
            .with_graceful_shutdown(down)
            .await
        {
            tracing::error!(%error, "the sandbox's server ended");
        }
    });
    Ok(Running {
        url: format!("http://{address}"),
        password,
        stop: Some(stop),
        server,
        engine: Some(engine),
    })
}

async fn handle(State(server): State<Arc<Server>>, request: Request) -> Response {
    // A task of its own: what a client began is carried out even if the client goes away, as on a real instance.
    let work = tokio::spawn(async move { server.serve(request).await });
    match work.await {
        Ok(answer) => response(answer),
        Err(error) => {
            tracing::error!(%error, "a request of the sandbox failed");
            response(Failure::new(SugarLabel::FatalError, "Unknown Error.").into_answer())
        }
    }
}

impl Server {
    async fn serve(&self, request: Request) -> Answer {
        let (parts, body) = request.into_parts();
        let Ok(raw) = body::to_bytes(body, self.limits.body).await else {
            let message = "The request is too large.";
            return Failure::new(SugarLabel::RequestTooLarge, message).into_answer();
        };
        let mut headers = Headers::default();
        for (name, value) in &parts.headers {
            if let Ok(value) = value.to_str() {
                headers.set(name.as_str(), value);
            }
        }
        let target = parts
            .uri
            .path_and_query()
            .map_or("/", |target| target.as_str());
        // A permit is a worker of the instance; without a cost model there are as many as anybody wants.
        let _worker = self.workers.acquire().await;
        if let Some(cost) = self.cost {
            tokio::time::sleep(cost.request).await;
        }
        match decode(parts.method.as_str(), target, headers, raw) {
            Ok(call) => self.answer(call).await,
            Err(failure) => failure.into_answer(),
        }
    }

    async fn answer(&self, call: Call) -> Answer {
        if Endpoint::of(call.method, &call.segments) == Some(Endpoint::Bulk) {
            return self.bulk(call).await;
        }
        match self.run(vec![Ok(call)], Gate::Open).await {
            Ok(mut done) => match done.pop() {
                Some(done) => self.charge(done).await,
                None => no_method().into_answer(),
            },
            Err(answer) => answer,
        }
    }

    /// Serves the entries in order. With a cost model each is served when its turn comes, so that a bulk under way is
    /// half done, as on a real instance; without one all are served at once.
    async fn bulk(&self, call: Call) -> Answer {
        let token = call.token().map(str::to_owned);
        let entries = match bulk::entries(call, self.limits) {
            Ok(entries) => entries,
            Err(failure) => return failure.into_answer(),
        };
        let mut answers = Vec::with_capacity(entries.len());
        if self.cost.is_none() {
            match self.run(entries, Gate::Token(token)).await {
                Ok(done) => answers.extend(done.into_iter().map(|done| done.answer)),
                Err(answer) => return answer,
            }
            return bulk::answer(answers);
        }
        for (index, entry) in entries.into_iter().enumerate() {
            match self.run(vec![entry], Gate::Token(token.clone())).await {
                Ok(done) => {
                    for done in done {
                        answers.push(self.charge(done).await);
                    }
                }
                Err(answer) if index == 0 => return answer,
                Err(answer) => answers.push(answer),
            }
        }
        bulk::answer(answers)
    }

    /// Lets the time pass that the work would have taken.
    async fn charge(&self, done: Done) -> Answer {
        if let Some(cost) = self.cost {
            tokio::time::sleep(cost.of(done.work, done.answer.records())).await;
        }
        done.answer
    }

    async fn run(
        &self,
        calls: Vec<Result<Call, Failure>>,
        gate: Gate,
    ) -> Result<Vec<Done>, Answer> {
        let (reply, done) = oneshot::channel();
        let gone = || Failure::new(SugarLabel::FatalError, "Unknown Error.").into_answer();
        self.jobs
            .send(Job { calls, gate, reply })
            .map_err(|_| gone())?;
        done.await.map_err(|_| gone())?
    }
}

fn decode(method: &str, target: &str, headers: Headers, raw: Bytes) -> Result<Call, Failure> {
    let method = Method::parse(method).ok_or_else(no_method)?;
    Call::read(method, target, headers, raw)
}

fn response(answer: Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let added = answer.headers.clone();
    let mut response = Response::new(body::Body::from(answer.into_json()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, value) in added {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    response
}
