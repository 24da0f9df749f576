//! What git says in fields that a NUL ends each, taken apart. Starts nothing, and takes no path for text.

/// A file that differs between two commits, or between one and the index.
pub(super) struct Difference<'a> {
    pub(super) path: &'a [u8],
    /// What it was: its mode, `000000` for nothing, and its content's name.
    pub(super) before: (&'a str, &'a str),
    pub(super) status: u8,
    /// What it becomes: its mode, `000000` for nothing, and its content's name.
    pub(super) mode: &'a str,
    pub(super) blob: &'a str,
}

/// The fields of what was said with `-z`.
pub(super) fn fields(out: &[u8]) -> impl Iterator<Item = &[u8]> {
    out.split_inclusive(|byte| *byte == 0).map(|field| field.strip_suffix(b"\0").unwrap_or(field))
}

/// What was said with `--raw -z --no-renames`.
pub(super) fn differences(raw: &[u8]) -> impl Iterator<Item = Difference<'_>> {
    let mut fields = fields(raw);
    std::iter::from_fn(move || Some((fields.next()?, fields.next()?))).filter_map(|(about, path)| {
        let mut words = std::str::from_utf8(about).ok()?.split(' ');
        let (mode_before, mode) = (words.next()?.trim_start_matches(':'), words.next()?);
        let (blob_before, blob, status) = (words.next()?, words.next()?, words.next()?);
        Some(Difference { path, before: (mode_before, blob_before), status: *status.as_bytes().first()?, mode, blob })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_end_with_a_nul_each() {
        assert_eq!(fields(b"").count(), 0);
        assert_eq!(fields(b"a\0\0b\0").collect::<Vec<_>>(), [&b"a"[..], b"", b"b"]);
        assert_eq!(fields(b"a\0cut o").collect::<Vec<_>>(), [&b"a"[..], b"cut o"]);
    }

    #[test]
    fn a_difference_says_what_becomes_of_which_file() {
        let raw = b":100644 000000 1111 0000 D\0old\xff\0:000000 120000 0000 2222 A\0new\n\0:100644 100755 1111 1111 M";
        let found: Vec<_> = differences(raw).map(|found| (found.path, found.status, found.mode, found.blob)).collect();
        let before: Vec<_> = differences(raw).map(|found| found.before).collect();
        assert_eq!(before, [("100644", "1111"), ("000000", "0000")]);
        assert_eq!(found, [(&b"old\xff"[..], b'D', "000000", "0000"), (b"new\n", b'A', "120000", "2222")]);
    }
}
