#include "scan/virus_lines.h"
#include "test/unit.h"

struct row {
	const char *keyword;
	const char *line;
	enum virus_line_kind kind;
	int object;
	const char *name;
};

#define NONE VIRUS_LINE_NO_OBJECT
#define OTHER VIRUS_LINE_OTHER
#define CLEAN VIRUS_LINE_CLEAN
#define INFECTED VIRUS_LINE_INFECTED
#define ERROR VIRUS_LINE_ERROR

static const struct row rows[] = {
    {"generic", "INFECTED::EICAR::./scan.d/12-eicar.com", INFECTED, 12,
	"EICAR"},
    {"generic", "INFECTED:: EICAR :: scan.d/1-a", INFECTED, 1, "EICAR"},
    {"generic", "SUSPICIOUS::X::scan.d/1-a", INFECTED, 1, "X"},
    {"generic", "CLEAN::::scan.d/3-a", CLEAN, 3, ""},
    {"generic", "ERROR::no licence::scan.d/3-a", ERROR, 3, "no licence"},
    {"generic", "INFO::v 1.2::.", OTHER, NONE, "v 1.2"},
    {"generic", "INFECTED::EICAR::", INFECTED, NONE, "EICAR"},
    {"generic", "INFECTED::EICAR", OTHER, NONE, ""},
    {"generic", "hello", OTHER, NONE, ""},
    {"clamav", "/var/w/scan.d/4-x.zip: Eicar-Test FOUND", INFECTED, 4,
	"Eicar-Test"},
    {"clamav", "./scan.d/4-x.zip: OK", CLEAN, 4, ""},
    {"clamav", "./scan.d/4-x: Can't open file or directory ERROR", ERROR, 4,
	"Can't open file or directory"},
    {"clamav", "ERROR: Could not connect to clamd on LocalSocket /x", ERROR,
	NONE, "Could not connect to clamd on LocalSocket /x"},
    {"clamav", "LibClamAV Warning: old", OTHER, NONE, ""},
    {"clamav", "./scan.d/4-x: FOUND", INFECTED, 4, "unnamed"},
    {"clamav", "./scan.d/4-x: Heuristics.Limits.Exceeded.MaxScanSize FOUND",
	ERROR, 4, "Heuristics.Limits.Exceeded.MaxScanSize"},
    {"sophos", ">>> Virus 'EICAR-AV-Test' found in file ./scan.d/2-a/b.com",
	INFECTED, 2, "EICAR-AV-Test"},
    {"sophos", "Could not check ./scan.d/7-a.pdf (part of multi volume)", ERROR,
	7, "part of multi volume"},
    {"sophos", "Could not open scan.d/8-x", ERROR, 8,
	"Could not open scan.d/8-x"},
    {"sophos", "Password protected file ./scan.d/9-a.zip", ERROR, 9,
	"Password protected file"},
    {"sophos", "1 file swept in 1 second.", OTHER, NONE, ""},
    {"f-secure", "./scan.d/5-e.com: Infected: EICAR_Test_File [AVP]", INFECTED,
	5, "EICAR_Test_File"},
    {"f-secure", "./scan.d/5-e.com\tinfection: EICAR_Test_File", INFECTED, 5,
	"EICAR_Test_File"},
    {"f-secure", "F-Secure Anti-Virus CLI version 1.10", OTHER, NONE, ""},
    {"f-secure-12", "scan.d/6-e: result=infected infection=EICAR_Test_File",
	INFECTED, 6, "EICAR_Test_File"},
    {"f-secure-12", "scan.d/6-e: result=clean", CLEAN, 6, ""},
    {"f-secure-12", "scan.d/6-e: result=error", ERROR, 6, "error"},
    {"bitdefender", "./scan.d/1-e.com\tinfected: EICAR-Test-File (not a v)",
	INFECTED, 1, "EICAR-Test-File (not a v)"},
    {"bitdefender", "./scan.d/1-e.com\tsuspected: BehavesLike:Win32", INFECTED,
	1, "BehavesLike:Win32"},
    {"bitdefender", "./scan.d/1-e.com\tok", CLEAN, 1, ""},
    {"avg", "./scan.d/3-e.com  Virus identified  EICAR_Test", INFECTED, 3,
	"EICAR_Test"},
    {"avg", "./scan.d/3-e.exe  Trojan horse Generic.AB", INFECTED, 3,
	"Generic.AB"},
    {"avg", "Files scanned     :  1(1)", OTHER, NONE, ""},
    {"avast", "/w/scan.d/3-e.com EICAR Test-NOT virus!!!", INFECTED, 3,
	"virus!!!"},
    {"avast", "/w/scan.d/3-e.com\tWin32:Foo", INFECTED, 3, "Win32:Foo"},
    {"avast", "/w/scan.d/3-e.com\t[OK]", CLEAN, 3, ""},
    {"avast", "/w/scan.d/3-e.zip archive is password protected", OTHER, 3, ""},
    {"esets",
	"name=\"./scan.d/2-e.com\", threat=\"Eicar test file\", action=\"\"",
	INFECTED, 2, "Eicar test file"},
    {"esets",
	"name=\"./scan.d/2-a.zip/x\", threat=\"\", name=\"y\", "
	"threat=\"Eicar\"",
	INFECTED, 2, "Eicar"},
    {"esets", "name=\"./scan.d/2-e.txt\", threat=\"is OK\", action=\"\"", OTHER,
	NONE, ""},
    {"esetsefs",
	"1,2026,\"file:///w/scan.d/2-e.com\",\"Eicar, the test\",retained",
	INFECTED, 2, "Eicar, the test"},
    {"esetsefs", "id,time,uri,threat,action", OTHER, NONE, ""},
    {"esetsefs", "1,2,file:///w/scan.d/2-e.com,,", OTHER, NONE, ""},
    {"drweb", "./scan.d/11-e.com infected with EICAR Test File (NOT a Virus!)",
	INFECTED, 11, "EICAR Test File (NOT a Virus!)"},
    {"drweb", "./scan.d/11-e.com - Ok", CLEAN, 11, ""},
    {"kaspersky", "./scan.d/11-e.com infected: EICAR-Test-File", INFECTED, 11,
	"EICAR-Test-File"},
};

UNIT(golden)
{
	const struct row *r;

	for (r = rows; r < rows + COUNT_OF(rows); r++) {
		struct virus_lines state = {NONE};
		struct virus_line got = {OTHER, NONE, {NULL, 0}};
		const struct virus_lines_row *row =
		    virus_lines_row(slice_str(r->keyword));

		print_message("# %s: %s\n", r->keyword, r->line);
		check(row != NULL);
		row->parse(&state, slice_str(r->line), &got);
		check_int(got.kind, r->kind);
		check_int(got.object, r->object);
		check_slice(got.name, r->name);
	}
}

UNIT(kaspersky_remembers)
{
	const struct virus_lines_row *row = virus_lines_row(SLICE("kaspersky"));
	struct virus_lines state = {NONE};
	struct virus_line got = {OTHER, NONE, {NULL, 0}};

	row->parse(&state, SLICE("Current object: ./scan.d/6-x.zip"), &got);
	check_int(got.kind, OTHER);
	row->parse(&state, SLICE("  eicar.com infected: EICAR"), &got);
	check_int(got.kind, INFECTED);
	check_int(got.object, 6);
}

UNIT(the_first_object_is_meant)
{
	check_int(virus_lines_object(SLICE("scan.d/5-a.zip/scan.d/1-b: X")), 5);
	check_int(virus_lines_object(SLICE("scan.d/x scan.d/71-b: X")), 71);
	check_int(virus_lines_object(SLICE("scan.d/5")), NONE);
	check_int(virus_lines_object(SLICE("scan.d/-")), NONE);
	check_int(virus_lines_object(SLICE("scan.d/123456789-a")), NONE);
}

UNIT(shown_to_people)
{
	struct arena *a = arena_new(0);

	check_slice(
	    virus_lines_shown(
		SLICE(">>> Virus 'E' found in file ./scan.d/2-a.com"), a),
	    ">>> Virus 'E' found in file a.com");
	check_slice(virus_lines_shown(
			SLICE("/var/w/77/scan.d/2-a.zip/in.com: X FOUND"), a),
	    "a.zip/in.com: X FOUND");
	check_slice(virus_lines_shown(SLICE("plain"), a), "plain");
	arena_free(a);
}

UNIT(allowed_texts)
{
	struct slice allowed = SLICE("\"corrupt\", \"format not supported\"");

	check(virus_lines_allowed(SLICE("File is Corrupt"), allowed));
	check(virus_lines_allowed(SLICE("format not supported"), allowed));
	check(!virus_lines_allowed(SLICE("encrypted"), allowed));
	check(!virus_lines_allowed(SLICE("encrypted"), SLICE("")));
	check(!virus_lines_allowed(SLICE("encrypted"), SLICE("\"\",,")));
}

UNIT(every_row_is_whole)
{
	const struct virus_lines_row *row = NULL;
	size_t n = 0;

	while ((row = virus_lines_next(row)) != NULL) {
		check(row->keyword != NULL && row->title != NULL);
		check(row->parse != NULL);
		check(row->found[0] != 0);
		n++;
	}
	check_int(n, 12);
	check(virus_lines_row(SLICE("none")) == NULL);
}

UNIT_MAIN(unit(golden), unit(kaspersky_remembers),
    unit(the_first_object_is_meant), unit(shown_to_people), unit(allowed_texts),
    unit(every_row_is_whole))
