//! Pictures of every page, in light and dark, wide and narrow: `scripts/screenshots` makes them, people look at them.

use std::path::PathBuf;

use super::browser::Setup;
use super::nordlicht::Nordlicht;
use super::pages;

fn folder() -> PathBuf {
    #[expect(clippy::disallowed_methods, reason = "the script says where the pictures go")]
    let folder = std::env::var("SCREENSHOTS").unwrap_or_else(|_| "target/screenshots".to_owned());
    PathBuf::from(folder)
}

fn decoded(base64: &str) -> Vec<u8> {
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    let sextets: Vec<u8> = base64.bytes().filter_map(value).collect();
    let bits = |four: &[u8]| four.iter().fold(0_u32, |bits, sextet| bits << 6 | u32::from(*sextet)) << (6 * (4 - four.len()));
    sextets.chunks(4).flat_map(|four| bits(four).to_be_bytes()[1..four.len()].to_vec()).collect()
}

async fn pictures(company: &Nordlicht, name: &str, setup: Setup) {
    std::fs::create_dir_all(folder()).expect("a folder");
    let browser = company.at_a_browser_set_up("Jonas", setup).await;
    for (page, address) in pages::all(company).await {
        browser.goes_to(&address).await;
        std::fs::write(folder().join(format!("{page}-{name}.png")), decoded(&browser.picture().await)).expect("a file");
    }
    browser.closes().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "makes pictures for people to look at"]
async fn every_page_is_pictured() {
    let company = Nordlicht::opens().await;
    for (size, name) in [((1280, 800), "wide"), ((360, 740), "narrow")] {
        for (dark, colours) in [(false, "light"), (true, "dark")] {
            pictures(&company, &format!("{name}-{colours}"), Setup { dark, size, ..Setup::default() }).await;
        }
    }
}

/// Six pictures for the README, each as large as a window.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "makes pictures for the README"]
async fn six_pages_are_pictured_for_the_readme() {
    let company = Nordlicht::opens().await;
    let wide = |dark: bool| Setup { dark, size: (1280, 800), ..Setup::default() };
    let narrow = Setup { dark: true, size: (390, 800), ..Setup::default() };
    let change = format!("/proposals/{}", company.proposal("Refund up to 200").await);
    let waiting = format!("/inbox/{}", company.proposal("Subscribe to intraday").await);
    let care = company.zone("customer-care").await;
    let compose = format!(
        "/proposals/new?type=resource_allocation&zone_id={care}&title=Headsets+for+the+second+line&amount=31000&board_id=customer-desk"
    );
    let wanted = [
        ("overview", wide(false), "/"),
        ("inbox", wide(true), waiting.as_str()),
        ("proposal", wide(false), change.as_str()),
        ("proposals", wide(true), "/proposals"),
        ("compose", wide(false), compose.as_str()),
        ("phone", narrow, change.as_str()),
    ];
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/pictures");
    std::fs::create_dir_all(&folder).expect("a folder");
    for (name, setup, address) in wanted {
        let browser = company.at_a_browser_set_up("Jonas", setup).await;
        browser.goes_to(address).await;
        if name == "compose" {
            browser.clicks(".compose-side button[value=preview]").await;
            browser.sees("Who would be asked").await;
        }
        let picture = decoded(&browser.view().await);
        assert!(picture.len() < 180_000, "{name} has {} bytes", picture.len());
        std::fs::write(folder.join(format!("{name}.png")), picture).expect("a file");
        browser.closes().await;
    }
}
