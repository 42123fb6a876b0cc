//! A development server, by its REST interface.

use anyhow::{Context as _, Result, anyhow, bail};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use teahouse_plugin_package::{Package, PluginId};

use crate::Misused;

/// Lines of log that are asked for at once.
const LINES: u32 = 200;
/// So much of a digest tells versions apart.
const SHOWN: usize = 12;

pub(super) struct Server {
    client: reqwest::Client,
    /// `…/v1/admin/plugins`
    plugins: String,
    key: String,
    plugin: PluginId,
    last_line: u64,
    /// There is a log once the plugin is installed.
    has_log: bool,
}

/// What installing answers, as far as it is needed here.
#[derive(Deserialize)]
struct Installed {
    digest: String,
    is_first: bool,
    is_current: bool,
}

#[derive(Deserialize)]
struct Log {
    items: Vec<Line>,
}

#[derive(Deserialize)]
struct Line {
    id: u64,
    level: String,
    text: String,
}

impl Server {
    pub(super) fn new(url: &str, key: &str, plugin: PluginId) -> Result<Self> {
        if !url.starts_with("http://") && !url.starts_with("https://") {
            return Err(Misused::because(format!(
                "{url:?} is no address of a server, such as http://127.0.0.1:8080"
            )));
        }
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = reqwest::Client::builder();
        // Root certificates may be missing on this machine, which a plain address doesn't care about.
        let builder = if url.starts_with("https://") { builder } else { builder.tls_certs_only([]) };
        Ok(Self {
            client: builder.build()?,
            plugins: format!("{}/v1/admin/plugins", url.trim_end_matches('/')),
            key: key.to_owned(),
            plugin,
            last_line: 0,
            has_log: false,
        })
    }

    /// Asks whether somebody is there who takes the key, before anything is built.
    pub(super) async fn greet(&self) -> Result<()> {
        answer(self.request(Method::GET, "")).await.map(drop)
    }

    /// Installs the package, grants all that it asks for, and lets it work. Returns what is loaded now.
    pub(super) async fn load(&mut self, package: Vec<u8>, rooms: &[String]) -> Result<String> {
        let read = Package::read(&package)?;
        let manifest = read.manifest();
        let (asks, named) = (manifest.asks().to_vec(), format!("{} {}", manifest.name, manifest.version));
        let upload =
            self.request(Method::POST, "").header("content-type", "application/octet-stream").body(package);
        let installed: Installed = serde_json::from_value(answer(upload).await.context("installing")?)?;
        let own = format!("/{}", self.plugin);
        let capabilities: Vec<_> = asks.iter().map(|ask| ask.terms.name().as_str()).collect();
        let consent = json!({"digest": installed.digest, "capabilities": capabilities});
        self.post(&format!("{own}/grants"), &consent).await.context("granting what it asks for")?;
        if !installed.is_first && !installed.is_current {
            let version = json!({"digest": installed.digest});
            self.post(&format!("{own}/upgrade"), &version)
                .await
                .context("letting the new version take over")?;
        }
        answer(self.request(Method::POST, &format!("{own}/enable"))).await.context("enabling it")?;
        for room in rooms {
            let path = format!("{own}/rooms/{room}");
            answer(self.request(Method::PUT, &path))
                .await
                .with_context(|| format!("letting it work in {room}"))?;
        }
        self.has_log = true;
        let digest = installed.digest.get(..SHOWN).unwrap_or(&installed.digest);
        Ok(format!("{named} ({digest}…)"))
    }

    /// Prints what was logged since it was last asked.
    pub(super) async fn show_log(&mut self) {
        if !self.has_log {
            return;
        }
        let path = format!("/{}/logs?after={}&limit={LINES}", self.plugin, self.last_line);
        match answer(self.request(Method::GET, &path))
            .await
            .and_then(|log| Ok(serde_json::from_value::<Log>(log)?))
        {
            Ok(log) => {
                for line in log.items {
                    self.last_line = self.last_line.max(line.id);
                    println!("log {}: {}", line.level, line.text);
                }
            }
            // The server is away for a moment.
            Err(error) if error.is::<reqwest::Error>() => {}
            // Said once, until something is loaded again.
            Err(error) => {
                self.has_log = false;
                eprintln!("the log can't be shown: {error:#}");
            }
        }
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        answer(self.request(Method::POST, path).json(body)).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.plugins)).header("x-api-key", &self.key)
    }
}

/// Sends it; an answer that is a refusal becomes an error in the server's own words.
async fn answer(request: RequestBuilder) -> Result<Value> {
    let response = match request.send().await {
        Err(error) if error.is_connect() => {
            let origin = error.url().map(|url| url.origin().ascii_serialization()).unwrap_or_default();
            let hint = format!(
                "no server answers at {origin}: start one with `teahouse serve`, or name another with --server"
            );
            return Err(anyhow::Error::from(error).context(hint));
        }
        sent => sent?,
    };
    let status = response.status();
    let body = response.bytes().await?;
    let value: Value = serde_json::from_slice(&body).unwrap_or_default();
    if status.is_success() {
        return Ok(value);
    }
    let told = value["detail"].as_str().or_else(|| value["title"].as_str());
    let told = told.map(str::to_owned).unwrap_or_else(|| String::from_utf8_lossy(&body).into_owned());
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => bail!(
            "the server refuses the key ({status}): {}. Make one with the admin scope: `teahouse token key NAME --admin`",
            told.trim_end_matches('.')
        ),
        _ => Err(anyhow!("{status}: {told}")),
    }
}
