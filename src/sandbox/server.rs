//! HTTP: starts and stops the server, turns requests into calls and answers into responses.

use std::future::poll_fn;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use axum::Router;
use axum::body;
use axum::body::Bytes;
use axum::body::HttpBody;
use axum::extract::ConnectInfo;
use axum::extract::Request;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::Response;
use tokio::sync::mpsc;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::answer::Answer;
use super::answer::Body;
use super::call::Headers;
use super::config::Config;
use super::engine::Engine;
use super::failure::Failure;
use super::line;
use super::line::Line;
use super::log::Log;
use super::schema::SchemaError;
use super::service::Reply;
use super::service::Service;
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

/// Starts a sandbox on the caller's runtime, bound to loopback only.
pub async fn start(config: Config) -> Result<Running, SandboxError> {
    let (listener, address) =
        line::listen(config.port)
            .await
            .map_err(|source| SandboxError::Listen {
                port: config.port,
                source,
            })?;
    let log = config
        .log
        .as_deref()
        .map(|path| {
            Log::open(path).map_err(|source| SandboxError::Log {
                path: path.to_owned(),
                source,
            })
        })
        .transpose()?;
    let (jobs, queue) = mpsc::unbounded_channel();
    let service = Arc::new(Service::new(&config, jobs, log));
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
    let router = Router::new()
        .fallback(handle)
        .with_state(service)
        .into_make_service_with_connect_info::<Line>();
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

async fn handle(
    State(service): State<Arc<Service>>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: Request,
) -> Response {
    // A task of its own: what a client began is carried out even if the client goes away, as on a real instance.
    let work = tokio::spawn(async move { serve(&service, request).await });
    match work.await {
        Ok(Reply::Whole(answer)) => response(answer),
        Ok(Reply::Half(answer)) => {
            let answer = response(answer);
            line.cut_within_body(body_length(&answer) / 2);
            answer
        }
        Ok(Reply::Nothing) => {
            line.cut();
            Response::default()
        }
        Err(error) => {
            tracing::error!(%error, "a request of the sandbox failed");
            response(Failure::new(SugarLabel::FatalError, "Unknown Error.").into_answer())
        }
    }
}

fn body_length(response: &Response) -> usize {
    response
        .body()
        .size_hint()
        .exact()
        .and_then(|length| usize::try_from(length).ok())
        .unwrap_or(0)
}

async fn serve(service: &Service, request: Request) -> Reply {
    let (parts, body) = request.into_parts();
    let raw = content(body, service.limits.body).await;
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
    service
        .serve(parts.method.as_str(), target, headers, raw)
        .await
}

/// The whole body, if it arrives and is not longer than it may be.
async fn content(mut body: body::Body, limit: usize) -> Result<Bytes, Failure> {
    let mut content = Vec::new();
    while let Some(frame) = poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        let frame = frame
            .map_err(|error| Failure::invalid(format!("The body did not arrive whole: {error}")))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if content.len() + data.len() > limit {
            return Err(Failure::too_large("The request is too large."));
        }
        content.extend_from_slice(&data);
    }
    Ok(content.into())
}

fn response(answer: Answer) -> Response {
    let (content, mime) = match answer.body {
        Body::Json(value) => (
            Bytes::from(value.to_string()),
            "application/json".to_owned(),
        ),
        Body::Text(text) => (Bytes::from(text), "application/json".to_owned()),
        Body::File { content, mime } => (content, mime),
    };
    let mut response = Response::new(body::Body::from(content));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    if let Ok(mime) = HeaderValue::from_str(&mime) {
        headers.insert(header::CONTENT_TYPE, mime);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    for (name, value) in answer.headers {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    response
}
