//! Packages as they are made, and as strangers make them.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;

use super::*;
use crate::PublicKey;

const MANIFEST: &str = r#"
[plugin]
id = "org.example.word-guard"
name = "Word guard"
version = "1.4.0"
api = "1.0"
languages = ["en"]
[hooks.filter]
[config]
schema = "config.schema.json"
"#;

fn author_folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    std::fs::create_dir(folder.path().join("locales")).unwrap();
    std::fs::create_dir(folder.path().join("src")).unwrap();
    write("plugin.toml", MANIFEST);
    write("config.schema.json", r#"{"type":"object","properties":{"words":{"type":"boolean"}}}"#);
    write("locales/en.json", r#"{"name":"Word guard","fields":{"words":{"title":"Words"}}}"#);
    write("README.md", "# Word guard");
    write("icon.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>");
    write("src/lib.rs", "not packed");
    folder
}

fn good() -> Vec<u8> {
    Package::pack(author_folder().path(), b"\0asm component".to_vec()).unwrap()
}

/// A package of entries as they come, whatever they are.
fn package_of(entries: impl IntoIterator<Item = (tar::Header, Vec<u8>)>) -> Vec<u8> {
    let mut tar = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (header, bytes) in entries {
        tar.append(&header, bytes.as_slice()).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

/// An entry whose path is written without the library's own care.
fn entry(path: &str, kind: tar::EntryType, bytes: &[u8]) -> (tar::Header, Vec<u8>) {
    let mut header = tar::Header::new_ustar();
    header.as_mut_bytes()[..path.len()].copy_from_slice(path.as_bytes());
    header.set_entry_type(kind);
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    header.set_cksum();
    (header, bytes.to_vec())
}

fn file(path: &str, bytes: &[u8]) -> (tar::Header, Vec<u8>) {
    entry(path, tar::EntryType::Regular, bytes)
}

/// What a person's own tar would show and the server would not install.
#[test]
fn nothing_hides_behind_the_end() {
    let tar = |files: Vec<(tar::Header, Vec<u8>)>| {
        let mut tar = tar::Builder::new(Vec::new());
        files.into_iter().for_each(|(header, bytes)| tar.append(&header, bytes.as_slice()).unwrap());
        tar.into_inner().unwrap()
    };
    let packed = |archive: &[u8]| {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(archive).unwrap();
        gzip.finish().unwrap()
    };
    let real = || vec![file("plugin.toml", b"[plugin]"), file("plugin.wasm", b"x")];
    let files = |bytes: &[u8]| unpack::files(bytes, Allowance::default());
    let padded = [tar(real()), vec![0; 10_240]].concat();
    assert_eq!(files(&packed(&padded)).unwrap().len(), 2);
    let doubled = [tar(real()), tar(vec![file("README.md", b"harmless")])].concat();
    assert!(matches!(files(&packed(&doubled)), Err(PackageError::NotAPackage(_))));
    let tailed = [tar(real()), b"x".to_vec()].concat();
    assert!(matches!(files(&packed(&tailed)), Err(PackageError::NotAPackage(_))));
}

#[test]
fn a_package_holds_what_the_folder_held() {
    let package = Package::read(&good()).unwrap();
    let names: Vec<_> = package.files().map(|(path, _)| path).collect();
    assert_eq!(
        names,
        ["README.md", "config.schema.json", "icon.svg", "locales/en.json", "plugin.toml", "plugin.wasm"]
    );
    assert_eq!(package.component(), b"\0asm component");
    assert_eq!(package.component_digest(), Digest::of(b"\0asm component"));
    assert_eq!(package.digest(), Digest::of(&good()));
    assert_eq!(package.readme(), Some("# Word guard"));
    assert_eq!(package.icon().unwrap().0, "image/svg+xml");
    assert_eq!(package.locales()["en"].fields["words"].title.as_deref(), Some("Words"));
    assert_eq!(package.schema().fields().len(), 1);
    assert_eq!(package.manifest().file_name(), "word-guard-1.4.0.teaplugin");
    assert_eq!(package.signer(&[]), Signer::Unsigned);
}

#[test]
fn the_same_folder_gives_the_same_bytes() {
    assert_eq!(good(), good());
}

/// Deflate may come out otherwise with the next version of its library; what comes with the server must not change its
/// digest for that.
#[test]
fn files_at_hand_are_packed_as_they_are() {
    let files = unpack::files(&good(), Allowance::default()).unwrap();
    let packed = Package::pack_files(files.clone()).unwrap();
    assert_eq!(unpack::files(&packed, Allowance::default()).unwrap(), files);
    let component = &files["plugin.wasm"];
    assert!(packed.windows(component.len()).any(|part| part == component));
    let mut files = files;
    files.insert("src/lib.rs".to_owned(), Vec::new());
    assert!(matches!(Package::pack_files(files), Err(PackageError::ForbiddenEntry { .. })));
}

#[test]
fn a_signature_names_its_signer() {
    let (mine, other) = (SecretKey::generate().unwrap(), SecretKey::generate().unwrap());
    let trusted = |key: PublicKey| TrustedKey { key, name: "Example Ltd".into() };
    let signed = Package::sign(&good(), &mine).unwrap();
    let package = Package::read(&signed).unwrap();
    assert_eq!(package.signer(&[trusted(mine.public())]), Signer::Trusted(trusted(mine.public())));
    assert_eq!(package.signer(&[trusted(other.public())]), Signer::Unknown(mine.public()));
    // Signing again replaces the signature, and the list that is signed knows nothing of it.
    let again = Package::read(&Package::sign(&signed, &other).unwrap()).unwrap();
    assert_eq!(again.signer(&[]), Signer::Unknown(other.public()));
    assert_eq!(again.signed_list(), Package::read(&good()).unwrap().signed_list());
    assert!(again.signed_list().starts_with(&format!("{}  README.md\n", Digest::of(b"# Word guard"))));
}

#[test]
fn a_package_that_changed_after_it_was_signed_is_refused() {
    let signed = Package::sign(&good(), &SecretKey::generate().unwrap()).unwrap();
    let files = unpack::files(&signed, Allowance::default()).unwrap();
    let changed = |path: &str, bytes: &[u8]| {
        let mut files = files.clone();
        files.insert(path.to_owned(), bytes.to_vec());
        Package::read(&pack::archive(&files).unwrap())
    };
    assert!(changed("plugin.wasm", b"\0asm component").is_ok());
    assert!(matches!(changed("plugin.wasm", b"\0asm other"), Err(PackageError::BadSignature)));
    let added = changed("icon.png", b"\x89PNG\r\n\x1a\n");
    assert!(matches!(added, Err(PackageError::BadSignature)), "{added:?}");
    assert!(matches!(changed("plugin.sig", b"nonsense"), Err(PackageError::BadSignature)));
    let mut without = files.clone();
    without.remove("icon.svg");
    let without = pack::archive(&without).unwrap();
    assert!(matches!(Package::read(&without), Err(PackageError::BadSignature)));
    assert!(Package::read(&Package::sign(&without, &SecretKey::generate().unwrap()).unwrap()).is_ok());
}

#[test]
fn what_leads_elsewhere_is_refused() {
    use tar::EntryType;
    for (path, kind) in [
        ("../plugin.toml", EntryType::Regular),
        ("/plugin.toml", EntryType::Regular),
        ("./plugin.toml", EntryType::Regular),
        ("locales/../plugin.toml", EntryType::Regular),
        ("locales/../../x.json", EntryType::Regular),
        ("locales/en.json/", EntryType::Regular),
        ("locales\\en.json", EntryType::Regular),
        ("src/lib.rs", EntryType::Regular),
        ("PLUGIN.TOML", EntryType::Regular),
        ("", EntryType::Regular),
        ("locales", EntryType::Directory),
        ("plugin.wasm", EntryType::Symlink),
        ("plugin.wasm", EntryType::Link),
        ("plugin.wasm", EntryType::Fifo),
        ("plugin.wasm", EntryType::Char),
        ("plugin.wasm", EntryType::Block),
        ("plugin.wasm", EntryType::GNUSparse),
        ("plugin.wasm", EntryType::GNULongName),
        ("plugin.wasm", EntryType::XHeader),
        ("plugin.wasm", EntryType::XGlobalHeader),
    ] {
        let bytes = package_of([file("README.md", b"x"), entry(path, kind, b"x")]);
        let read = Package::read(&bytes);
        assert!(matches!(read, Err(PackageError::ForbiddenEntry { .. })), "{path} {kind:?}: {read:?}");
    }
    let twice = package_of([file("README.md", b"a"), file("README.md", b"b")]);
    assert!(matches!(Package::read(&twice), Err(PackageError::ForbiddenEntry { .. })));
}

#[test]
fn bombs_are_defused_while_unpacking() {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    let zeros = vec![0; 1 << 20];
    for _ in 0..80 {
        gzip.write_all(&zeros).unwrap();
    }
    let bomb = gzip.finish().unwrap();
    assert!(bomb.len() < 1 << 17);
    assert!(matches!(Package::read(&bomb), Err(PackageError::TooLarge { .. })));

    let (mut header, _) = file("README.md", b"");
    header.set_size(u64::MAX / 2);
    header.set_cksum();
    assert!(matches!(Package::read(&package_of([(header, Vec::new())])), Err(PackageError::TooLarge { .. })));

    let many = (0..=Package::MAX_FILES).map(|n| {
        let language =
            format!("{}{}{}", char::from(b'a' + (n / 26) as u8), char::from(b'a' + (n % 26) as u8), "x");
        file(&format!("locales/{language}.json"), b"{}")
    });
    assert!(matches!(Package::read(&package_of(many)), Err(PackageError::TooManyFiles)));
}

#[test]
fn a_component_has_its_limit_at_the_byte() {
    let small = Allowance { component_bytes: 14 };
    assert!(Package::read_within(&good(), small).is_ok());
    let past = Package::read_within(&good(), Allowance { component_bytes: 13 });
    assert!(matches!(past, Err(PackageError::TooLarge { limit: 13, .. })));
    assert_eq!(Allowance { component_bytes: u64::MAX }.component_limit(), Allowance::MAX_COMPONENT);
}

#[test]
fn files_must_fit_one_another() {
    let manifest = |text: &str| file("plugin.toml", text.as_bytes());
    let wasm = || file("plugin.wasm", b"\0asm");
    let plain =
        MANIFEST.replace("languages = [\"en\"]", "").replace("[config]\nschema = \"config.schema.json\"", "");
    let read = |entries: Vec<(tar::Header, Vec<u8>)>| Package::read(&package_of(entries));
    assert!(read(vec![manifest(&plain), wasm()]).is_ok());
    assert!(matches!(read(vec![manifest(&plain)]), Err(PackageError::Missing("plugin.wasm"))));
    assert!(matches!(read(vec![wasm()]), Err(PackageError::Missing("plugin.toml"))));
    assert!(matches!(read(vec![]), Err(PackageError::Missing(_))));
    let invalid = |entries| matches!(read(entries), Err(PackageError::Invalid { .. }));
    assert!(invalid(vec![manifest(MANIFEST), wasm(), file("config.schema.json", b"{}")]));
    assert!(invalid(vec![manifest(&plain), wasm(), file("config.schema.json", b"{}")]));
    assert!(invalid(vec![manifest(&plain), wasm(), file("locales/en.json", b"{}")]));
    assert!(invalid(vec![manifest(&plain), wasm(), file("README.md", b"\xff")]));
    assert!(invalid(vec![manifest(&plain), wasm(), file("icon.png", b"<svg/>")]));
    assert!(invalid(vec![manifest(&plain), wasm(), file("icon.svg", b"<svg><SCRIPT>1</SCRIPT></svg>")]));
    assert!(invalid(vec![manifest("nonsense"), wasm()]));
    let secret = format!("{}\nsecrets = [\"words\"]", MANIFEST.replace("languages = [\"en\"]", ""));
    let schema = br#"{"type":"object","properties":{"words":{"type":"boolean"}}}"#;
    assert!(invalid(vec![manifest(&secret), wasm(), file("config.schema.json", schema)]));
}

#[test]
fn what_follows_the_end_is_refused() {
    let mut bytes = good();
    bytes.push(0);
    assert!(matches!(Package::read(&bytes), Err(PackageError::NotAPackage(_))));
    let twice = [good(), good()].concat();
    assert!(matches!(Package::read(&twice), Err(PackageError::NotAPackage(_))));
}

#[test]
fn an_author_is_told_what_is_wrong_before_packing() {
    let folder = author_folder();
    std::fs::write(folder.path().join("locales/english.json"), "{}").unwrap();
    let packed = Package::pack(folder.path(), Vec::new());
    assert!(matches!(packed, Err(PackageError::ForbiddenEntry { .. })), "{packed:?}");
    let empty = tempfile::tempdir().unwrap();
    assert!(matches!(Package::pack(empty.path(), Vec::new()), Err(PackageError::Missing("plugin.toml"))));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_of_any_kind_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..2048)) {
        prop_assert!(Package::read(&bytes).is_err());
    }

    #[test]
    fn an_archive_of_any_bytes_is_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..4096)) {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&bytes).unwrap();
        prop_assert!(Package::read(&gzip.finish().unwrap()).is_err());
    }

    #[test]
    fn a_damaged_package_is_read_without_a_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = good();
        for (index, value) in &changes {
            let index = index.index(bytes.len());
            bytes[index] = *value;
        }
        let _ = Package::read(&bytes);
        let cut = cut.index(bytes.len());
        prop_assert!(Package::read(&bytes[..cut]).is_err());
    }

    // Below the checksum of the compression, where headers are.
    #[test]
    fn a_damaged_archive_is_read_without_a_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        mend in any::<bool>(),
    ) {
        let mut archive = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(good().as_slice()), &mut archive).unwrap();
        for (index, value) in &changes {
            let index = index.index(archive.len());
            archive[index] = *value;
        }
        if mend {
            let header = tar::Header::from_byte_slice(&archive[..512]);
            let mut header = header.clone();
            header.set_cksum();
            archive[..512].copy_from_slice(header.as_bytes());
        }
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        gzip.write_all(&archive).unwrap();
        let _ = Package::read(&gzip.finish().unwrap());
    }

    #[test]
    fn manifests_and_schemas_of_any_text_are_read_without_a_panic(text in "\\PC{0,300}") {
        prop_assert!(Manifest::parse(&text).is_err());
        let _ = Schema::parse(&text);
    }
}
