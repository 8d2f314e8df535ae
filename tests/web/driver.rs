//! A driver of headless Chromium, one for all stories of a test process, and the words of `WebDriver` that stories need.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use serde_json::{Value, json};

/// The driver's process.
struct Driver {
    process: std::sync::Mutex<Child>,
    address: String,
}

static DRIVER: OnceLock<Driver> = OnceLock::new();

/// How often a driver is started that ends before it says where it listens: two that start at once may choose the same port.
const STARTS: usize = 3;

fn start() -> Driver {
    (0..STARTS).find_map(|_| listening()).expect("a driver that listens")
}

fn listening() -> Option<Driver> {
    // Nothing that stays until a process ends is dropped then; but whatever reads from it hears that it has ended.
    // The shell keeps no end of what the driver writes: when the driver ends, whoever reads it hears so.
    let until_nobody_holds_the_other_end = "chromedriver --port=0 & exec >/dev/null; read -r _; kill $!";
    let process = Command::new("sh")
        .args(["-c", until_nobody_holds_the_other_end])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("chromedriver (Debian: chromium-driver; scripts/test installs it)");
    let mut driver = Driver { process: std::sync::Mutex::new(process), address: String::new() };
    let words = driver.process.get_mut().ok()?.stdout.take()?;
    let said = "was started successfully on port ";
    let mut lines = BufReader::new(words).lines().map_while(Result::ok);
    let port = lines.find_map(|line| Some(line.split(said).nth(1)?.trim_end_matches('.').to_owned()))?;
    driver.address = format!("http://127.0.0.1:{port}");
    Some(driver)
}

impl Drop for Driver {
    fn drop(&mut self) {
        if let Ok(mut process) = self.process.lock() {
            drop(process.stdin.take());
            process.wait().ok();
        }
    }
}

/// One command of `WebDriver` to the driver; what it answers.
pub async fn ask(http: &reqwest::Client, method: reqwest::Method, path: &str, body: Option<Value>) -> Result<Value, String> {
    let driver = DRIVER.get_or_init(start);
    let mut request = http.request(method, format!("{}{path}", driver.address));
    if let Some(body) = body {
        request = request.json(&body);
    }
    let response = request.send().await.map_err(|error| error.to_string())?;
    let failed = !response.status().is_success();
    let mut answer: Value = response.json().await.map_err(|error| error.to_string())?;
    if failed { Err(answer["value"]["message"].to_string()) } else { Ok(answer["value"].take()) }
}

/// What a browser of its own is asked for.
pub fn capabilities(folder: &str, scripts: bool, dark: bool, size: (u32, u32)) -> Value {
    let mut flags = vec![
        "--headless".to_owned(),
        "--no-sandbox".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-quic".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
        "--no-first-run".to_owned(),
        "--disable-background-networking".to_owned(),
        "--disable-component-update".to_owned(),
        "--disable-sync".to_owned(),
        "--hide-scrollbars".to_owned(),
        format!("--user-data-dir={folder}"),
        format!("--window-size={},{}", size.0, size.1),
    ];
    if dark {
        flags.push("--blink-settings=preferredColorScheme=0".to_owned());
    }
    let scripts = if scripts { 1 } else { 2 };
    json!({"capabilities": {"alwaysMatch": {
        "goog:chromeOptions": {"args": flags, "prefs": {"profile.managed_default_content_settings.javascript": scripts}},
        "goog:loggingPrefs": {"browser": "ALL"},
    }}})
}
