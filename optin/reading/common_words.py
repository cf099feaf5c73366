"""Common words that make a line below an answer more than a signature: "Yes / Never Mind". Pure.

Words that are also common first names ("Will", "May", "Grace") stand here too: a name that is not known for certain
costs one more question, a false yes costs texts that nobody agreed to.
"""

_ENGLISH = """
a about after again all already also always am an and another any anyone anything are around as ask at away
back bad be because been before being best better bit bot but by bye
call can cancel cant cause changed cheers child come confirm cool correct could
day dead delete did didnt die died different do does doesnt dont done dude
either else end enough ever every everyone except
fake false few fine first for forever forget free friday friend from
gave get give go god gone gonna good got great guess guys
had haha hahaha half hang has hate have he hell hello help her here hes hey hi him his hold how
i id idc idk if ill im in info instead into is isnt it its ive
jk joke just
keep kid know
last later leave less let like likely list lmao lol long look lost
made make many married may maybe me mean message messages mind mine minute mistake moment monday money month more
moved much must my
name nah need neither never new next nice no nobody none nope not nothing now number nvm
of off ok okay on once one only oops opt or other our out over
pass pay people perhaps person phone please pls possibly problem promise psych
question quit
real really reason remove revoke right robot
said same saturday say says scam see sent she shes should sick sike since so some someone sometimes sometime son soon
sorry spam start still stop sue sunday sure
take tell test text texting texts than thank thanks that thats the their them then there these they theyre thing
think this those though thursday time to today tomorrow tonight too true try tuesday two typo
u under unless unlikely unsub unsubscribe until up us used
very
wait want wants was wasnt way we wed wednesday week well were what whatever whats when where whether which while who
whos whose why wife will with without wont work working would wrong wtf
x ya yeah year yes yesterday yet you your youre yours
january february april june july august september october november december morning noon night afternoon evening
husband mother father mom mum dad brother sister daughter girl boy man woman kids family house home school office
"""
_OTHER_LANGUAGES = """
ahora bueno broma claro como con cuando de el ella ella en equivocado es esta este gracias hoy la listo luego manana mas
menos mentira mi nada nadie nunca no otro otra para pero por porque que quien quiero quizas si sin solo soy tal tarde
todavia tu un una usted vez y ya yo alto baja cancelar borrar
aber jetzt nicht nein nie nur oder spater vielleicht wenn wer und doch falsch heute morgen
apres aujourdhui demain jamais mais merci moi non pas peut personne plus quand qui rien si tard
agora depois mas nao nunca obrigado quem talvez mais forse mai dopo domani oggi ma
"""

COMMON_WORDS = frozenset(f"{_ENGLISH} {_OTHER_LANGUAGES}".split())
"""In bare form."""
