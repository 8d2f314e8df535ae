//! Someone at a browser: what they see, click and type.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::driver::{ask, capabilities};

/// How often a story looks whether something has come about.
const GLANCE: Duration = Duration::from_millis(25);
/// How long it looks.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long what is pressed may take to lead away, where it does.
const DEPARTURE: Duration = Duration::from_secs(1);

/// A browser of one's own.
pub struct Browser {
    http: reqwest::Client,
    session: String,
    base: String,
    _folder: TempDir,
}

/// How a browser is set up.
#[derive(Clone, Copy)]
pub struct Setup {
    pub scripts: bool,
    pub dark: bool,
    pub size: (u32, u32),
}

impl Default for Setup {
    fn default() -> Self {
        Self { scripts: true, dark: false, size: (1280, 900) }
    }
}

impl Browser {
    /// A browser that looks at the service at `base`.
    pub async fn open(base: &str, setup: Setup) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let http = reqwest::Client::builder().timeout(Duration::from_mins(1)).build().expect("a client");
        let wanted = capabilities(&folder.path().display().to_string(), setup.scripts, setup.dark, setup.size);
        let made = ask(&http, Method::POST, "/session", Some(wanted)).await.expect("a browser");
        let session = made["sessionId"].as_str().expect("a session").to_owned();
        let browser = Self { http, session, base: base.to_owned(), _folder: folder };
        // A window of headless Chromium is never narrower than 500; what it shows can be.
        let (width, height) = setup.size;
        let metrics = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        browser.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
        browser
    }

    async fn tell(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, String> {
        ask(&self.http, method, &format!("/session/{}{path}", self.session), body).await
    }

    /// A word of the browser's own protocol.
    pub async fn devtools(&self, command: &str, params: Value) -> Value {
        let body = json!({"cmd": command, "params": params});
        self.tell(Method::POST, "/goog/cdp/execute", Some(body)).await.expect("the browser's own protocol")
    }

    /// Goes to an address of the service.
    pub async fn goes_to(&self, path: &str) {
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.base) };
        self.tell(Method::POST, "/url", Some(json!({"url": url}))).await.expect("a page");
    }

    /// Where the browser is, without the service's own address.
    pub async fn is_at(&self) -> String {
        let url = self.tell(Method::GET, "/url", None).await.expect("an address");
        url.as_str().unwrap_or_default().replacen(&self.base, "", 1)
    }

    /// Waits until the address has `words` in it; says it whole.
    pub async fn arrives_at(&self, words: &str) -> String {
        let began = std::time::Instant::now();
        loop {
            let at = self.is_at().await;
            if at.contains(words) {
                return at;
            }
            assert!(began.elapsed() < PATIENCE, "it stays at {at} and does not come to {words}");
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// What a script answers; stories look with it, they do not act with it.
    pub async fn script(&self, text: &str) -> Value {
        self.tell(Method::POST, "/execute/sync", Some(json!({"script": text, "args": []}))).await.expect("a script that runs")
    }

    /// What a script answers when what it waits for has come.
    pub async fn promise(&self, text: &str) -> Value {
        let script = format!(
            "const done = arguments[0]; (async () => {{ {text} }})().then(done, error => done({{error: String(error)}}));"
        );
        self.tell(Method::POST, "/execute/async", Some(json!({"script": script, "args": []})))
            .await
            .expect("a script that runs")
    }

    async fn find(&self, css: &str) -> Result<String, String> {
        let found = self.tell(Method::POST, "/element", Some(json!({"using": "css selector", "value": css}))).await?;
        let id = found.as_object().and_then(|keys| keys.values().next()).and_then(Value::as_str);
        id.map(str::to_owned).ok_or_else(|| "no element".to_owned())
    }

    /// The element, once it is there.
    async fn awaits(&self, css: &str) -> String {
        let until = std::time::Instant::now() + PATIENCE;
        loop {
            match self.find(css).await {
                Ok(id) => return id,
                Err(_) if std::time::Instant::now() < until => tokio::time::sleep(GLANCE).await,
                Err(error) => panic!("there is no `{css}` at {}: {error}\n{}", self.is_at().await, self.text().await),
            }
        }
    }

    /// Clicks what is found.
    pub async fn clicks(&self, css: &str) {
        let id = self.awaits(css).await;
        self.click(&id, css).await;
    }

    /// Clicks the first button or link that says this.
    pub async fn presses(&self, words: &str) {
        let xpath =
            format!("//*[self::button or self::a or self::summary or self::label][contains(normalize-space(.), '{words}')]");
        let found = self.tell(Method::POST, "/element", Some(json!({"using": "xpath", "value": xpath}))).await;
        let found = found.unwrap_or_else(|error| panic!("nothing says `{words}`: {error}"));
        let id =
            found.as_object().and_then(|keys| keys.values().next()).and_then(Value::as_str).expect("an element").to_owned();
        self.click(&id, words).await;
    }

    /// Clicks an element. Links and buttons lead to another page: whoever reads next reads that one.
    async fn click(&self, id: &str, called: &str) {
        let about = |path: &str| format!("/element/{id}{path}");
        let name = self.tell(Method::GET, &about("/name"), None).await.unwrap_or_default();
        let clicked = self.tell(Method::POST, &about("/click"), Some(json!({}))).await;
        clicked.unwrap_or_else(|error| panic!("`{called}` cannot be clicked: {error}"));
        if matches!(name.as_str(), Some("a" | "button")) {
            let began = std::time::Instant::now();
            while began.elapsed() < DEPARTURE && self.tell(Method::GET, &about("/name"), None).await.is_ok() {
                tokio::time::sleep(GLANCE).await;
            }
        }
    }

    /// Types into a field, in the place of what stands there.
    pub async fn types(&self, css: &str, text: &str) {
        let id = self.awaits(css).await;
        self.tell(Method::POST, &format!("/element/{id}/clear"), Some(json!({}))).await.ok();
        let typed = self.tell(Method::POST, &format!("/element/{id}/value"), Some(json!({"text": text}))).await;
        typed.unwrap_or_else(|error| panic!("nothing can be typed into `{css}`: {error}"));
    }

    /// Chooses an option by its value.
    pub async fn chooses(&self, css: &str, value: &str) {
        self.clicks(&format!("{css} option[value=\"{value}\"]")).await;
    }

    /// Presses keys, wherever the focus is.
    pub async fn strikes(&self, keys: &str) {
        let strokes: Vec<Value> = keys
            .chars()
            .flat_map(|key| {
                [json!({"type": "keyDown", "value": key.to_string()}), json!({"type": "keyUp", "value": key.to_string()})]
            })
            .collect();
        let actions = json!({"actions": [{"type": "key", "id": "keys", "actions": strokes}]});
        self.tell(Method::POST, "/actions", Some(actions)).await.expect("keys");
    }

    /// The text of what is found.
    pub async fn reads(&self, css: &str) -> String {
        let began = std::time::Instant::now();
        loop {
            let id = self.awaits(css).await;
            match self.tell(Method::GET, &format!("/element/{id}/text"), None).await {
                Ok(text) => return text.as_str().unwrap_or_default().to_owned(),
                Err(error) => assert!(began.elapsed() < PATIENCE, "`{css}` cannot be read: {error}"),
            }
        }
    }

    /// What stands in a field, also where scripts do not run.
    pub async fn holds(&self, css: &str) -> String {
        let id = self.awaits(css).await;
        let value = self.tell(Method::GET, &format!("/element/{id}/property/value"), None).await.unwrap_or_default();
        value.as_str().unwrap_or_default().to_owned()
    }

    /// All text of the page.
    pub async fn text(&self) -> String {
        let Ok(id) = self.find("body").await else { return String::new() };
        let text = self.tell(Method::GET, &format!("/element/{id}/text"), None).await.unwrap_or_default();
        text.as_str().unwrap_or_default().to_owned()
    }

    /// Whether something is there.
    pub async fn has(&self, css: &str) -> bool {
        self.find(css).await.is_ok()
    }

    /// Waits until the page says something; says how long it took.
    pub async fn sees(&self, words: &str) -> Duration {
        let began = std::time::Instant::now();
        loop {
            let text = self.text().await;
            if text.contains(words) {
                return began.elapsed();
            }
            assert!(began.elapsed() < PATIENCE, "`{words}` is not to be seen at {}:\n{text}", self.is_at().await);
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Signs in with a token.
    pub async fn signs_in(&self, token: &str) {
        self.goes_to("/sign-in").await;
        self.types("#token", token).await;
        self.clicks("form[action='/sign-in'] button").await;
        self.awaits("header.side").await;
    }

    /// What the console complained about since it was last asked.
    pub async fn complaints(&self) -> Vec<String> {
        let told = self.tell(Method::POST, "/se/log", Some(json!({"type": "browser"}))).await.expect("the console");
        let entries = told.as_array().cloned().unwrap_or_default();
        let severe = entries.iter().filter(|entry| matches!(entry["level"].as_str(), Some("SEVERE" | "WARNING")));
        severe.map(|entry| entry["message"].to_string()).collect()
    }

    /// A picture of the whole page, as PNG in base64.
    pub async fn picture(&self) -> String {
        self.pictured("Math.min(4000, document.documentElement.scrollHeight)").await
    }

    /// A picture of what the window shows.
    pub async fn view(&self) -> String {
        self.pictured("innerHeight").await
    }

    async fn pictured(&self, height: &str) -> String {
        let size = self.script(&format!("return [document.documentElement.clientWidth, {height}]")).await;
        let clip = json!({"x": 0, "y": 0, "width": size[0], "height": size[1], "scale": 1});
        let asked = json!({"format": "png", "captureBeyondViewport": true, "clip": clip});
        let taken = self.devtools("Page.captureScreenshot", asked).await;
        taken["data"].as_str().expect("a picture").to_owned()
    }

    /// Closes the browser.
    pub async fn closes(self) {
        self.tell(Method::DELETE, "", None).await.ok();
    }
}
