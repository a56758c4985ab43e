//! Everything that interchange files do wrong, and what is said about it.

use super::bad_input_tests::{Kind, bytes, kind, of_bytes, preset, report};

const PRESET: &str = r#"
[identity.School]
within = "SchoolIdentity"
school_id = "SchoolId"
[identity.Student]
within = "StudentIdentity"
student_unique_id = "StudentUniqueId"
[identity.Session]
within = "SessionIdentity"
school = "SchoolReference"
school_year = "SchoolYear"
session_name = "SessionName"
[record.Student]
from = "Student"
student_unique_id = "StudentUniqueId"
birth_date = "BirthDate"
grade = "Grade"
english_learner = "EnglishLearner"
[record.School]
from = "School"
school_id = "SchoolId"
name = "Name"
[record.Session]
from = "Session"
school = "SchoolReference"
school_year = "SchoolYear"
session_name = "SessionName"
days = "Days"
[record.AttendanceEvent]
from = "Student"
each = "Absence"
student = "^"
session = "SessionReference"
event_date = "EventDate"
share = { path = "Share", percent = "fraction" }
[record.Credential]
from = "Credential"
credential_id = "Id"
fee = "Fee"
expires = "Expires"
approved = "Approved"
"#;
const MANIFEST: &str = "format = \"edfi-xml\"\n";
const SCHOOL: &str = "<School><SchoolId>7</SchoolId><Name>Elm</Name></School>";
const FILE: &str = "<InterchangeX>\n<School><SchoolId>7</SchoolId><Name>Elm</Name></School>\n<School><SchoolId>8</SchoolId><Name>Oak</Name></School>\n</InterchangeX>\n";

fn file(name: &'static str, text: impl AsRef<[u8]>) -> Kind {
    bytes(name, MANIFEST, "a.xml", text)
}

/// What stands after a good school, each in a line of its own.
fn after(name: &'static str, text: &str) -> Kind {
    file(name, format!("<InterchangeX>\n{SCHOOL}\n{text}\n</InterchangeX>\n"))
}

/// A second school, of which the name is that.
fn called(name: &'static str, text: &str) -> Kind {
    after(name, &format!("<School><SchoolId>8</SchoolId>{text}</School>"))
}

fn session(name: &'static str, reference: &str, days: &str) -> Kind {
    after(
        name,
        &format!(
            "<Session>{reference}<SchoolYear>2024-25</SchoolYear><SessionName>Fall</SessionName>{days}</Session>"
        ),
    )
}

const BY_KEY: &str =
    "<SchoolReference><SchoolIdentity><SchoolId>7</SchoolId></SchoolIdentity></SchoolReference>";

fn days(name: &'static str, days: &str) -> Kind {
    session(name, BY_KEY, &format!("<Days>{days}</Days>"))
}

fn student(name: &'static str, birth: &str, grade: &str, rest: &str) -> Kind {
    after(
        name,
        &format!(
            "<Student><StudentUniqueId>SECRET</StudentUniqueId><BirthDate>{birth}</BirthDate><Grade>{grade}</Grade>{rest}</Student>"
        ),
    )
}

fn of_text() -> Vec<Kind> {
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">]>";
    vec![
        file("cut short in an element", "<InterchangeX>\n<School><SchoolId>7"),
        file("cut short in a tag", "<InterchangeX>\n<School><Scho"),
        file("cut short between two elements", format!("<InterchangeX>\n{SCHOOL}\n")),
        file("cut short in a comment", format!("<InterchangeX>\n{SCHOOL}\n<!-- all that")),
        file("cut short in text that is taken as it stands", "<InterchangeX>\n<School><Name><![CDATA[Elm"),
        file("cut short in the value of an attribute", "<InterchangeX>\n<School id=\"S"),
        file("cut short after the root", "<InterchangeX>"),
        after("tags that do not match", "<School></Course>"),
        after("tags that differ in case", "<School><SchoolId>8</SchoolID></School>"),
        after("an end without a beginning", "</School>"),
        file("a second root", format!("<InterchangeX>\n{SCHOOL}\n</InterchangeX>\n<InterchangeX>\n{SCHOOL}\n</InterchangeX>\n")),
        file("text after the root", format!("<InterchangeX>\n{SCHOOL}\n</InterchangeX>\nthe end\n")),
        file("text before the root", format!("dear all\n<InterchangeX>\n{SCHOOL}\n</InterchangeX>\n")),
        file("text between the elements", format!("<InterchangeX>\n{SCHOOL}\nand\n{SCHOOL}\n</InterchangeX>\n").replace("and\n<School><SchoolId>7", "and\n<School><SchoolId>8")),
        file("nothing but a comment", "<?xml version=\"1.0\"?>\n<!-- none -->\n"),
        file("a root without elements", "<?xml version=\"1.0\"?>\n<InterchangeX/>\n"),
        file("another document", "<html/>"),
        file("another document in a namespace", "<e:Envelope xmlns:e=\"http://e.org\"/>"),
        file("elements in a namespace, which is fine", "<x:InterchangeX xmlns:x=\"http://ed-fi.org/5.2.0\">\n<x:School><x:SchoolId>7</x:SchoolId><x:Name>Elm</x:Name></x:School>\n</x:InterchangeX>\n"),
        file("latin-1", b"<InterchangeX>\n<School><SchoolId>7</SchoolId><Name>Caf\xE9</Name></School>\n</InterchangeX>\n"),
        file("latin-1 that says so", b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<InterchangeX>\n<School><SchoolId>7</SchoolId><Name>Caf\xE9</Name></School>\n</InterchangeX>\n"),
        file("UTF-8 that says it is latin-1", "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<InterchangeX>\n<School><SchoolId>7</SchoolId><Name>Café</Name></School>\n</InterchangeX>\n"),
        file("UTF-8 that says it is UTF-16", format!("<?xml version=\"1.0\" encoding=\"UTF-16\"?>\n{FILE}")),
        file("an encoding that is none", format!("<?xml version=\"1.0\" encoding=\"utf8mb4\"?>\n{FILE}")),
        file("letters of ASCII that say they are of windows-1252, which is fine", format!("<?xml version=\"1.0\" encoding=\"windows-1252\"?>\n{FILE}")),
        file("a blank before the declaration", format!(" <?xml version=\"1.0\"?>\n{FILE}")),
        called("an entity that is none", "<Name>&x;</Name>"),
        called("an ampersand alone", "<Name>Elm & Oak</Name>"),
        called("a less than sign alone", "<Name>K < 3</Name>"),
        called("the number of a character that is none", "<Name>&#xD800;</Name>"),
        called("the number of the null character", "<Name>&#0;</Name>"),
        called("a null byte", "<Name>O\0k</Name>"),
        file("entities that grow", format!("{bomb}\n<InterchangeX>\n<School><SchoolId>7</SchoolId><Name>&b;</Name></School>\n</InterchangeX>\n")),
        file("an entity from another file", "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>\n<InterchangeX>\n<School><SchoolId>7</SchoolId><Name>&a;</Name></School>\n</InterchangeX>\n"),
        after("an attribute twice", "<School id=\"S8\" id=\"S9\"><SchoolId>8</SchoolId><Name>Oak</Name></School>"),
        after("an attribute without quotes", "<School id=S8><SchoolId>8</SchoolId><Name>Oak</Name></School>"),
        after("elements 1000 deep", &"<School>".repeat(1000)),
        file("CSV", "school_id,name\n7,Elm\n"),
        file("JSON", "{\"SchoolId\":7}\n"),
    ]
}

fn of_elements() -> Vec<Kind> {
    let other = "<School id=\"S8\"><SchoolId>8</SchoolId><Name>Oak</Name></School>";
    vec![
        called("text as it stands and comments in it, which is fine", "<Name><![CDATA[<Oak>]]><!-- old --> &amp; Ash</Name>"),
        called("an empty element", "<Name/>"),
        called("an element of blanks", "<Name> \n </Name>"),
        called("an element that says it is nothing", "<Name xsi:nil=\"true\"/>"),
        called("no element", ""),
        called("an element twice", "<Name>Oak</Name><Name>Ash</Name>"),
        called("an element in an element that should be text", "<Name><Long>Oak</Long></Name>"),
        called("an element beside text", "<Name>Oak<b>land</b></Name>"),
        called("an element in another case", "<name>Oak</name>"),
        called("a value as an attribute", "<Name value=\"Oak\"/>"),
        after("an element that the preset does not know", "<Bus/><Bus>\n</Bus>"),
        after("an element in the wrong place", "<Schools><School><SchoolId>8</SchoolId><Name>Oak</Name></School></Schools>"),
        after("a key twice", SCHOOL),
        after("an empty key", "<School><SchoolId/><Name>Oak</Name></School>"),
        after("no key", "<School><Name>Oak</Name></School>"),
        session("a key that no row has", &BY_KEY.replace('7', "9"), ""),
        session("no reference", "", ""),
        session("an empty reference", "<SchoolReference/>", ""),
        session("a reference with an empty identity", "<SchoolReference><SchoolIdentity/></SchoolReference>", ""),
        session("a reference without its identity", "<SchoolReference><SchoolId>7</SchoolId></SchoolReference>", ""),
        session("a reference twice", &format!("{BY_KEY}{}", BY_KEY.replace('7', "8")), ""),
        session("an id that nothing has", "<SchoolReference ref=\"S8\"/>", ""),
        session("an empty id", "<SchoolReference ref=\"\"/>", ""),
        session("an id that two have", "<SchoolReference ref=\"S8\"/>", "").rewritten("a.xml", "</InterchangeX>", "<School id=\"S8\"><SchoolId>8</SchoolId><Name>Oak</Name></School><School id=\"S8\"><SchoolId>9</SchoolId><Name>Ash</Name></School></InterchangeX>"),
        session("an id of another record", "<SchoolReference ref=\"C\"/>", "").rewritten("a.xml", "</InterchangeX>", "<Credential id=\"C\"><Id>c</Id></Credential></InterchangeX>"),
        session("an id that another file has", "<SchoolReference ref=\"S8\"/>", "").and("b.xml", format!("<InterchangeX>{other}</InterchangeX>")),
        session("an id beside a key, which counts", "<SchoolReference ref=\"S8\"><SchoolIdentity><SchoolId>7</SchoolId></SchoolIdentity></SchoolReference>", "").rewritten("a.xml", "</InterchangeX>", "<School id=\"S8\"><SchoolId>8</SchoolId><Name>Oak</Name></School></InterchangeX>"),
        student("half of a key", "2015-01-01", "03", "<Absence><SessionReference><SessionIdentity><SchoolYear>2024-25</SchoolYear><SessionName>Fall</SessionName></SessionIdentity></SessionReference><EventDate>2024-10-01</EventDate></Absence>"),
        student("an id inside a reference", "2015-01-01", "03", "<Absence><SessionReference><SessionIdentity><SchoolReference ref=\"S7\"/><SchoolYear>2024-25</SchoolYear><SessionName>Fall</SessionName></SessionIdentity></SessionReference><EventDate>2024-10-01</EventDate></Absence>"),
    ]
}

fn of_values() -> Vec<Kind> {
    let day = |name, day: &str| student(name, day, "03", "");
    let grade = |name, grade: &str| student(name, "2015-01-01", grade, "");
    vec![
        day("February 29 of 2023", "2023-02-29"),
        day("month 13", "2023-13-01"),
        day("a day in another format", "09/30/2014"),
        day("a day in one of two other formats", "03/04/2014"),
        day("a day with a time zone", "2015-01-01Z"),
        day("a day and a time, which is fine", "2015-01-01T00:00:00-05:00"),
        grade("a code of nothing", "Kindergarten"),
        grade("a code that is nearly right", "Thrid grade"),
        grade("a code in another case, which is fine", "THIRD GRADE"),
        grade("a code with blanks and a line around it, which is fine", " 03\n "),
        grade(
            "the address of a descriptor, which is fine",
            "uri://ed-fi.org/GradeLevelDescriptor#Third grade",
        ),
        grade("the address of a descriptor without its value", "uri://ed-fi.org/GradeLevelDescriptor"),
        student("a flag that is none", "2015-01-01", "03", "<EnglishLearner>perhaps</EnglishLearner>"),
        days("number of 400 digits", &"9".repeat(400)),
        days("1e400", "1e400"),
        days("NaN", "NaN"),
        days("a negative count", "-1"),
        days("a fraction of a count", "80.5"),
        days("a number over two lines", "8\n1"),
        student(
            "a percent in words",
            "2015-01-01",
            "03",
            "<Absence><EventDate>2024-10-01</EventDate><Share>half</Share></Absence>",
        ),
        session("a school year alone", BY_KEY, "").rewritten("a.xml", "2024-25", "2025"),
        after("fractions of a cent", "<Credential><Id>c</Id><Fee>1.005</Fee></Credential>"),
    ]
}

fn of_files() -> Vec<Kind> {
    vec![
        bytes("no file", MANIFEST, "a.txt", ""),
        kind("an empty folder", MANIFEST, |_| ()),
        file("two files of one record, which is fine", FILE)
            .and("b.xml", FILE.replace('7', "5").replace('8', "6")),
        file("a row twice in two files", FILE).and("b.xml", FILE.replace('7', "5")),
        bytes(
            "columns in the manifest",
            "format = \"edfi-xml\"\n[data.d.School]\ncolumns = { name = \"x\" }\n",
            "a.xml",
            FILE,
        ),
    ]
}

#[test]
fn bad_input() {
    let mut kinds = of_bytes(MANIFEST, "a.xml", FILE);
    kinds.extend(of_text());
    kinds.extend(of_elements());
    kinds.extend(of_values());
    kinds.extend(of_files());
    assert!(kinds.len() >= 40, "{}", kinds.len());
    insta::assert_snapshot!(report(&kinds, &preset(PRESET)));
}
