/*
 * Rules of the built-in scanner (keyword "yara" in Virus Scanners).
 *
 * Each rule that matches is a virus. Its name is the meta "virus", or the
 * name of the rule when there is none. Add your own rules here, or name
 * another file with the option Yara Rules File.
 *
 * The test string is written in hexadecimal, so that no scanner takes this
 * file itself for a test file.
 */

/*
 * The test file that the anti-virus makers agreed upon: a file that starts
 * with these 68 bytes, with nothing but white space behind them, 128 bytes at
 * most. White space in front and a longer tail are taken as well: that is how
 * the string looks when somebody pastes it into a mail.
 */
rule eicar_test_file
{
	meta:
		virus = "EICAR-Test-File"
	strings:
		$eicar = {
			58 35 4F 21 50 25 40 41 50 5B 34 5C 50 5A 58 35 34
			28 50 5E 29 37 43 43 29 37 7D 24 45 49 43 41 52 2D
			53 54 41 4E 44 41 52 44 2D 41 4E 54 49 56 49 52 55
			53 2D 54 45 53 54 2D 46 49 4C 45 21 24 48 2B 48 2A
		}
	condition:
		filesize < 1KB and #eicar == 1 and
		for all i in (0..filesize - 1): (
			(i >= @eicar[1] and i < @eicar[1] + 68) or
			uint8(i) == 0x20 or uint8(i) == 0x09 or
			uint8(i) == 0x0a or uint8(i) == 0x0d or
			uint8(i) == 0x1a
		)
}

/*
 * The same string at the very start of a small file with other things behind
 * it: no test file by the letter, but nothing else starts like this.
 */
rule eicar_test_variant
{
	meta:
		virus = "EICAR-Test-File"
	strings:
		$eicar = {
			58 35 4F 21 50 25 40 41 50 5B 34 5C 50 5A 58 35 34
			28 50 5E 29 37 43 43 29 37 7D 24 45 49 43 41 52 2D
			53 54 41 4E 44 41 52 44 2D 41 4E 54 49 56 49 52 55
			53 2D 54 45 53 54 2D 46 49 4C 45 21 24 48 2B 48 2A
		}
	condition:
		filesize < 8KB and $eicar at 0
}
