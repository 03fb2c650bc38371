//! The static files.

use std::fs;
use std::path::PathBuf;

use collector::{Pages, PagesError};
use tempfile::TempDir;

use crate::support::*;

/// Two folders: a page, and a package beside it.
fn site() -> (TempDir, Vec<(String, PathBuf)>) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (www, pkg) = (folder.path().join("www"), folder.path().join("pkg"));
    for path in [&www, &pkg] {
        fs::create_dir(path).expect("a new folder");
    }
    let files = [("www/index.html", "<p>"), ("www/style.css", "p {}"), ("pkg/appizer.js", "let x")];
    let types = [("pkg/index.d.ts", "export {}"), ("pkg/index.mjs", "0"), ("pkg/core.wasm", "\0asm")];
    for (name, text) in files.into_iter().chain(types) {
        fs::write(folder.path().join(name), text).expect("a new file");
    }
    (folder, vec![("/".into(), www), ("/pkg/".into(), pkg)])
}

#[tokio::test]
async fn every_file_has_its_type_and_is_never_cached() {
    let (_folder, mounts) = site();
    let pages = Pages::start(0, mounts).await.unwrap();
    let cases = [
        ("/", "text/html", "<p>"),
        ("/index.html", "text/html", "<p>"),
        ("/style.css", "text/css", "p {}"),
        ("/pkg/appizer.js", "text/javascript", "let x"),
        ("/pkg/index.mjs", "text/javascript", "0"),
        ("/pkg/core.wasm", "application/wasm", "\0asm"),
        ("/pkg/index.d.ts", "application/typescript; charset=utf-8", "export {}"),
    ];
    for (path, content_type, body) in cases {
        let answer = send(client().get(pages.url(path))).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, body), "{path}");
        assert_eq!(answer.header("content-type"), Some(content_type), "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        assert_eq!(answer.header("access-control-allow-origin"), Some("*"));
    }
    for path in ["/absent.js", "/pkg/absent.d.ts", "/..%2fpkg%2fcore.wasm"] {
        assert_eq!(send(client().get(pages.url(path))).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn mounts_that_cannot_be_served_are_named() {
    let (folder, mounts) = site();
    let www = mounts[0].1.clone();
    let start = async |prefixes: &[&str], path: &PathBuf| {
        let mounts = prefixes.iter().map(|prefix| ((*prefix).to_owned(), path.clone())).collect();
        Pages::start(0, mounts).await.map(|_| ()).unwrap_err()
    };
    for prefix in ["pkg", "", "/{a}", "/a b", "//"] {
        let error = start(&[prefix], &www).await;
        assert!(matches!(&error, PagesError::Prefix(named) if named == prefix), "{error:?}");
    }
    assert!(matches!(start(&["/a", "/a/"], &www).await, PagesError::Twice(named) if named == "/a/"));
    let absent = folder.path().join("absent");
    assert!(matches!(start(&["/"], &absent).await, PagesError::NotAFolder(named) if named == absent));
}
