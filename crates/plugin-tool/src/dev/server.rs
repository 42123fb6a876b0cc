//! A development server, by its REST interface.

use anyhow::{Context as _, Result, anyhow, bail};
use reqwest::{Method, RequestBuilder, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};
use teahouse_plugin_package::PluginId;

use crate::Misused;

/// Lines of log that are asked for at once.
const LINES: u32 = 200;

pub(super) struct Server {
    client: reqwest::Client,
    /// `…/v1/admin/plugins`
    plugins: String,
    key: String,
    plugin: PluginId,
    last_line: u64,
    log_is_missing: bool,
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
    lines: Vec<Line>,
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
            log_is_missing: false,
        })
    }

    /// Installs the package, grants all that it asks for, and lets it work. Returns its digest.
    pub(super) async fn load(&mut self, package: Vec<u8>, rooms: &[String]) -> Result<String> {
        let asks = teahouse_plugin_package::Package::read(&package)?.manifest().asks().to_vec();
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
        Ok(installed.digest)
    }

    /// Prints what was logged since it was last asked.
    pub(super) async fn show_log(&mut self) {
        if self.log_is_missing {
            return;
        }
        let path = format!("/{}/logs?after={}&size={LINES}", self.plugin, self.last_line);
        match answer(self.request(Method::GET, &path))
            .await
            .and_then(|log| Ok(serde_json::from_value::<Log>(log)?))
        {
            Ok(log) => {
                for line in log.lines {
                    self.last_line = self.last_line.max(line.id);
                    println!("log {}: {}", line.level, line.text);
                }
            }
            // Said once: the plugin may not be installed yet, or the server is away for a moment.
            Err(error) if error.is::<reqwest::Error>() => {}
            Err(error) => {
                self.log_is_missing = true;
                eprintln!("the log can't be shown: {error:#}");
            }
        }
    }

    async fn post(&self, path: &str, body: &Value) -> Result<Value> {
        answer(self.request(Method::POST, path).json(body)).await
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.plugins)).bearer_auth(&self.key)
    }
}

/// Sends it; an answer that is a refusal becomes an error in the server's own words.
async fn answer(request: RequestBuilder) -> Result<Value> {
    let response = request.send().await?;
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
            "the server refuses the key ({status}): {told}. Make one with the admin scope: `teahouse token mint` or the panel"
        ),
        _ => Err(anyhow!("{status}: {told}")),
    }
}

#[cfg(test)]
mod tests {
    use teahouse_plugin_package::Package;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::TcpListener;

    use super::*;

    const MANIFEST: &str = r#"
        [plugin]
        id = "org.example.guard"
        name = "Guard"
        version = "1.0.0"
        api = "1.0"
        [hooks.filter]
        [capabilities]
        kv = {}
        directory = { optional = true }
    "#;

    fn package() -> Vec<u8> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("plugin.toml"), MANIFEST).unwrap();
        Package::pack(folder.path(), b"component".to_vec()).unwrap()
    }

    /// Loads the package into a server that gives these answers; returns what happened and what was asked.
    async fn load(answers: &[(u16, &str)], rooms: &[&str]) -> (Result<String>, Vec<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let mut server = Server::new(&url, "secret", "org.example.guard".parse().unwrap()).unwrap();
        let rooms: Vec<_> = rooms.iter().map(ToString::to_string).collect();
        let serve = async {
            let mut asked = Vec::new();
            for (status, body) in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                asked.push(request(&mut stream).await);
                let head = format!(
                    "HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
                    body.len()
                );
                stream.write_all(head.as_bytes()).await.unwrap();
                stream.write_all(body.as_bytes()).await.unwrap();
            }
            asked
        };
        tokio::join!(server.load(package(), &rooms), serve)
    }

    /// The request's line, and its body when it is JSON.
    async fn request(stream: &mut tokio::net::TcpStream) -> String {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        let head = String::from_utf8(head).unwrap().to_lowercase();
        assert!(head.contains("authorization: bearer secret"), "{head}");
        let field = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let mut body = vec![0; field("content-length:").map_or(0, |length| length.parse().unwrap())];
        stream.read_exact(&mut body).await.unwrap();
        let line = head.lines().next().unwrap().trim_end_matches(" http/1.1").to_owned();
        match field("content-type:") {
            Some("application/json") => format!("{line} {}", String::from_utf8(body).unwrap()),
            _ => line,
        }
    }

    #[tokio::test]
    async fn a_first_version_is_installed_granted_and_enabled() {
        let installed = r#"{"digest":"d1","is_first":true,"is_current":true,"more":1}"#;
        let answers = [(201, installed), (200, "{}"), (200, "{}"), (204, "")];
        let (loaded, asked) = load(&answers, &["r1"]).await;
        assert_eq!(loaded.unwrap(), "d1");
        assert_eq!(
            asked,
            [
                "post /v1/admin/plugins",
                r#"post /v1/admin/plugins/org.example.guard/grants {"capabilities":["kv","directory"],"digest":"d1"}"#,
                "post /v1/admin/plugins/org.example.guard/enable",
                "put /v1/admin/plugins/org.example.guard/rooms/r1",
            ]
        );
    }

    #[tokio::test]
    async fn a_next_version_takes_over() {
        let installed = r#"{"digest":"d2","is_first":false,"is_current":false}"#;
        let (loaded, asked) = load(&[(201, installed), (200, "{}"), (200, "{}"), (200, "{}")], &[]).await;
        assert_eq!(loaded.unwrap(), "d2");
        assert_eq!(asked[2], r#"post /v1/admin/plugins/org.example.guard/upgrade {"digest":"d2"}"#);
    }

    #[tokio::test]
    async fn a_refusal_is_told_in_the_servers_words() {
        let (loaded, _) = load(&[(422, r#"{"detail":"the manifest is wrong"}"#)], &[]).await;
        assert_eq!(
            format!("{:#}", loaded.unwrap_err()),
            "installing: 422 Unprocessable Entity: the manifest is wrong"
        );
        let (loaded, _) = load(&[(401, r#"{"detail":"no such key"}"#)], &[]).await;
        assert!(format!("{:#}", loaded.unwrap_err()).contains("admin scope"));
    }
}
