# What SpamAssassin itself makes of its rules: name, type, scores of the four
# sets, priority, tflags, and the text of metas, one rule a line.
use strict; use warnings; use Mail::SpamAssassin; use Mail::SpamAssassin::Conf;
my %o = (dont_copy_prefs=>1, local_tests_only=>1, require_rules=>1, userprefs_filename=>'/nonexistent');
my ($rules,$site)=@ARGV; $o{rules_filename}=$rules if $rules; $o{site_rules_filename}=$site if $site;
my $sa = Mail::SpamAssassin->new(\%o);
my $c=$sa->{conf};
{ no warnings; my $orig=\&Mail::SpamAssassin::Conf::Parser::finish_parsing; *Mail::SpamAssassin::Conf::Parser::finish_parsing = sub { my($self,@r)=@_; my $k=$self->{conf}{allow_user_rules}; $self->{conf}{allow_user_rules}=1; &$orig($self,@r); $self->{conf}{allow_user_rules}=$k; }; }
$sa->init(0);
for my $n (sort keys %{$c->{tests}}) {
  my $t=$c->{test_types}{$n};
  my $extra = $t==0x12 ? $c->{tests}{$n} : ($t&1)==1 ? $c->{tests}{$n} : '';
  printf "%s\t%s\t%s\t%s\t%s\t%s\n", $n, $t, join(',',map {$c->{scoreset}[$_]{$n}//'undef'} 0..3), $c->{priority}{$n}//'-', $c->{tflags}{$n}//'', $extra;
}
