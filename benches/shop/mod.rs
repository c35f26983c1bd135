//! A sandbox inside the process, a client of it as plain as can be, and the built binary beside it.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use reqwest::Client;
use serde_json::Value;
use serde_json::json;
use sugarmill::sandbox;
use sugarmill::sandbox::Config;
use sugarmill::sandbox::CostModel;
use sugarmill::sandbox::Demo;
use sugarmill::sandbox::Running;
use tempfile::TempDir;

use super::Failure;

pub(crate) struct Shop {
    running: Running,
    client: Client,
    token: String,
    folder: TempDir,
}

/// An entry of `/bulk` that creates a record.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the fields are written down where it is called"
)]
pub(crate) fn post(module: &str, fields: Value) -> Value {
    json!({ "url": format!("/v11_5/{module}"), "method": "POST", "data": fields })
}

/// An entry of `/bulk` that links a contact to an account.
pub(crate) fn link(account: &str, contact: &str) -> Value {
    let body = json!({ "link_name": "contacts", "ids": [contact] });
    json!({ "url": format!("/v11_5/Accounts/{account}/link"), "method": "POST", "data": body })
}

/// Runs everything side by side; gives the first failure.
pub(crate) async fn together<F>(work: impl Iterator<Item = F>) -> Result<(), Failure>
where
    F: Future<Output = Result<(), Failure>>,
{
    let mut open: Vec<_> = work.map(Box::pin).collect();
    std::future::poll_fn(|context| {
        let mut at = 0;
        while at < open.len() {
            match open[at].as_mut().poll(context) {
                std::task::Poll::Pending => at += 1,
                std::task::Poll::Ready(Ok(())) => drop(open.swap_remove(at)),
                failed @ std::task::Poll::Ready(Err(_)) => return failed,
            }
        }
        match open.is_empty() {
            true => std::task::Poll::Ready(Ok(())),
            false => std::task::Poll::Pending,
        }
    })
    .await
}

impl Shop {
    /// With a cost model there is no log, which would cost as well.
    pub(crate) async fn open(cost: Option<CostModel>) -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let running = sandbox::start(Config {
            demo: Demo::None,
            log: cost.is_none().then(|| folder.path().join("log.jsonl")),
            cost,
            ..Config::default()
        })
        .await?;
        let mut shop = Self {
            running,
            client: Client::builder().no_proxy().build()?,
            token: String::new(),
            folder,
        };
        let login = json!({ "grant_type": "password", "client_id": "sugar", "client_secret": "",
            "username": shop.running.username(), "password": shop.running.password(), "platform": "mobile" });
        let answer = shop.send("POST", "/v11_5/oauth2/token", &login).await?;
        let token = answer["access_token"].as_str().ok_or("no token")?;
        token.clone_into(&mut shop.token);
        Ok(shop)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        Ok(fs::write(self.folder.path().join(name), text)?)
    }

    /// Every request it got, and every entry.
    pub(crate) fn log(&self) -> Result<Vec<Value>, Failure> {
        let text = fs::read_to_string(self.folder.path().join("log.jsonl"))?;
        Ok(text
            .lines()
            .map(serde_json::from_str)
            .collect::<Result<_, _>>()?)
    }

    pub(crate) async fn bulk(&self, entries: &[Value]) -> Result<(), Failure> {
        let answer = self
            .send("POST", "/v11_5/bulk", &json!({ "requests": entries }))
            .await?;
        let entries = answer.as_array().ok_or("no answer to a bulk")?;
        match entries.iter().find(|entry| entry["status"] != 200) {
            Some(entry) => Err(entry.to_string().into()),
            None => Ok(()),
        }
    }

    /// What would be an entry of `/bulk`, by itself.
    pub(crate) async fn single(&self, entry: &Value) -> Result<(), Failure> {
        let text = |name: &str| entry[name].as_str().unwrap_or_default();
        self.send(text("method"), text("url"), &entry["data"])
            .await?;
        Ok(())
    }

    async fn send(&self, method: &str, path: &str, body: &Value) -> Result<Value, Failure> {
        let url = format!("{}/rest{path}", self.running.url());
        let request = self.client.request(method.parse()?, url).json(body);
        let answer = request.header("OAuth-Token", &self.token).send().await?;
        let status = answer.status();
        let body: Value = answer.json().await?;
        match status.is_success() {
            true => Ok(body),
            false => Err(format!("{method} {path}: {status} {body}").into()),
        }
    }

    /// Runs a command line of the binary, which must succeed. Gives the most memory it had, in KiB.
    pub(crate) async fn mill(&self, line: &str) -> Result<u64, Failure> {
        let stderr = self.folder.path().join("stderr");
        let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_sugarmill"))
            .args(line.split_whitespace())
            .arg("-q")
            .current_dir(self.folder.path())
            .env_clear()
            .env("SUGAR_URL", self.running.url())
            .env("SUGAR_USERNAME", self.running.username())
            .env("SUGAR_PASSWORD", self.running.password())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(&stderr)?)
            .spawn()?;
        let mut most = 0;
        loop {
            most = peak(child.id()).unwrap_or(0).max(most);
            match child.try_wait()? {
                Some(status) if status.success() => return Ok(most),
                Some(status) => {
                    let said = fs::read_to_string(&stderr)?;
                    return Err(format!("`sugarmill {line}`: {status}: {said}").into());
                }
                None => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    }
}

/// The peak of a process, where the system tells it.
fn peak(process: u32) -> Option<u64> {
    let status = Path::new("/proc").join(process.to_string()).join("status");
    let text = fs::read_to_string(status).ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
