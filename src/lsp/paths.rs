//! `file:` addresses and paths.

use std::fmt::Write;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use lsp_types::Uri;

/// The path of a `file:` address; `None` for any other.
pub fn path_of(uri: &Uri) -> Option<PathBuf> {
    let rest = uri.as_str().strip_prefix("file://")?;
    let slash = rest.find('/')?;
    let path = decode(rest.get(slash..)?)?;
    // `/c:/folder` is `c:/folder` where drives have letters.
    let drive = path.strip_prefix('/').filter(|rest| rest.get(1..2) == Some(":"));
    Some(normal(Path::new(drive.unwrap_or(&path))))
}

/// The address of a path.
pub fn uri_of(path: &Path) -> Option<Uri> {
    let text = path.to_str()?.replace('\\', "/");
    let mut out = String::from(if text.starts_with('/') { "file://" } else { "file:///" });
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    Uri::from_str(&out).ok()
}

/// Without `.` and `..`.
pub fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            other => out.push(other),
        }
    }
    out
}

/// A path as a bundle names it from its folder: with `/`, and `..` where it lies beside the folder.
pub fn relative(path: &Path, folder: &Path) -> Option<String> {
    let mut up = 0_usize;
    let mut base = folder;
    loop {
        if let Ok(rest) = path.strip_prefix(base) {
            let rest = rest.to_str()?.replace('\\', "/");
            return Some(format!("{}{rest}", "../".repeat(up)));
        }
        base = base.parent()?;
        up = up.saturating_add(1);
    }
}

fn decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digit = |byte: Option<u8>| char::from(byte?).to_digit(16).and_then(|d| u8::try_from(d).ok());
            let (high, low) = (digit(bytes.next())?, digit(bytes.next())?);
            out.push(high.checked_mul(16)?.checked_add(low)?);
        } else {
            out.push(byte);
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn path(uri: &str) -> Option<PathBuf> {
        path_of(&Uri::from_str(uri).unwrap())
    }

    #[test]
    fn addresses_and_paths() {
        assert_eq!(path("file:///a/b%20c/%D1%8F.yaml"), Some(PathBuf::from("/a/b c/я.yaml")));
        assert_eq!(path("file:///c%3A/x/../y"), Some(PathBuf::from("c:/y")));
        assert_eq!(path("untitled:Untitled-1"), None);
        assert_eq!(path("file:///a%FF"), None, "not UTF-8");
        let back = uri_of(Path::new("/a/b c/я.yaml")).unwrap();
        assert_eq!(path(back.as_str()), Some(PathBuf::from("/a/b c/я.yaml")));
    }

    #[test]
    fn relative_paths_go_up_where_they_must() {
        let relative = |path: &str| relative(Path::new(path), Path::new("/p/csp-new"));
        assert_eq!(relative("/p/csp-new/a.yaml").as_deref(), Some("a.yaml"));
        assert_eq!(relative("/p/csp/sources/s.yaml").as_deref(), Some("../csp/sources/s.yaml"));
    }
}
