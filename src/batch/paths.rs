//! The files that texts of programs name.

use std::path::PathBuf;

/// The local path that a program's text names, with or without `file://` before it.
///
/// # Errors
/// What is wrong with a text that names another file system.
pub fn local_path(text: &str) -> Result<PathBuf, String> {
    let path = match text.strip_prefix("file:") {
        Some(rest) => rest.strip_prefix("//").unwrap_or(rest),
        None => text,
    };
    let scheme = path.split_once("://").map(|(scheme, _)| scheme);
    match scheme {
        Some(scheme) if !scheme.is_empty() && scheme.bytes().all(|b| b.is_ascii_alphanumeric()) => {
            Err(format!("{text}: only this machine's files are within reach, not those of {scheme}://"))
        }
        _ if path.is_empty() => Err("files need a name".into()),
        _ => Ok(PathBuf::from(path)),
    }
}

#[cfg(test)]
mod tests {
    use super::local_path;

    #[test]
    fn other_file_systems_are_refused() {
        assert_eq!(local_path("out/wc"), Ok("out/wc".into()));
        assert_eq!(local_path("file:/out"), Ok("/out".into()));
        for other in ["hdfs://host/out", "s3a://bucket/out"] {
            assert!(local_path(other).is_err_and(|fault| fault.contains("not those")), "{other}");
        }
    }
}
