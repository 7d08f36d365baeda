// Given names that are common where providers' customers are: enough to tell "I am Karen Young" from "I am Very Angry".
// A name that is missing here is still found where its surroundings leave little else.

const names =
  // English
  'aaron abby abigail adam adrian adrienne agnes aidan alan albert alex alexa alexander alexandra alexis alfred alice ' +
  'alicia alison allan allen allison alyssa amanda amber amelia amy andrea andrew andy angel angela angie anita ann anna ' +
  'anne annette annie anthony april archie ariana ariel arlene arnold arthur ashley aubrey audrey austin ava barbara ' +
  'barry beatrice becky belinda ben benjamin bernadette bernard bernice bert bessie beth bethany betty beverly bill ' +
  'billy blake bob bobby bonnie brad bradley brandi brandon brandy brenda brendan brent brett brian bridget brittany ' +
  'brooke bruce bryan bryant caleb calvin cameron candace candice carl carla carlton carol caroline carolyn carrie ' +
  'casey cassandra catherine cathy cecil cecilia celeste chad charlene charles charlie charlotte chelsea cheryl chester ' +
  'chloe chris christian christie christina christine christopher christy cindy claire clara clarence clark claude clayton ' +
  'clifford clinton clyde cody colin colleen connie connor constance cora corey cory courtney craig crystal curtis cynthia ' +
  'daisy dale damon dan dana daniel danielle danny darlene darrell darren darryl dave david dawn dean deanna debbie deborah ' +
  'debra delores denise dennis derek derrick desmond diana diane dianne dolores dominic don donald donna doreen doris ' +
  'dorothy doug douglas duane dustin dwayne dwight dylan earl ebony eddie edgar edith edmund edna eduard edward edwin eileen ' +
  'elaine eleanor elena elijah elisa elizabeth ella ellen elmer elsie emily emma eric erica erik erika erin ernest esther ' +
  'ethan ethel eugene eunice eva evan evelyn felicia felix fiona florence floyd frances francis frank franklin fred freda ' +
  'frederick gabriel gabrielle gail garrett gary gavin gemma gene geoffrey george georgina gerald geraldine gerard gilbert ' +
  'gina gladys glen glenda glenn gloria gordon grace graham greg gregory greta gwen gwendolyn hailey hannah harold harriet ' +
  'harry harvey hazel heather hector heidi helen henry herbert herman hilary holly howard hugh ian ida imogen ingrid irene ' +
  'iris irma irving isaac isabel isabella ivan ivy jack jackie jacob jacqueline jaime jake james jamie jan jane janet janice ' +
  'jared jasmine jason jay jean jeanette jeff jeffery jeffrey jenna jennifer jenny jeremiah jeremy jerome jerry jesse jessica ' +
  'jessie jill jim jimmie jimmy jo joan joann joanna joanne jodi jody joe joel joey john johnathan johnnie johnny jon jonathan ' +
  'jordan joseph josephine josh joshua joy joyce juanita judith judy julia julian julie june justin karen karl kate katherine ' +
  'kathleen kathryn kathy katie kay kayla keith kelly kelsey ken kenneth kent kerry kevin kim kimberly kirk krista kristen ' +
  'kristin kristina kristy kurt kyle lance larry latoya laura lauren laurie lawrence leah lee leo leon leona leonard leroy ' +
  'leslie lester lewis liam lillian lily linda lindsay lindsey lisa lloyd logan lois lonnie loretta lori lorraine louis louise ' +
  'lucas lucille lucy luke luther lydia lynn mabel mandy marc marcia marcus margaret margie marian marianne marie marilyn ' +
  'marion marjorie mark marlene marsha marshall martha martin marvin mary mason matt matthew maureen maurice max maxine megan ' +
  'melanie melinda melissa melvin meredith michael michele michelle mike mildred milton mindy minnie miranda misty mitchell ' +
  'molly monica monique morgan morris muriel myra myrtle nancy naomi natalie natasha nathan nathaniel neil nellie nicholas ' +
  'nick nicole nigel nina nora norma norman oliver olivia ollie oscar owen pam pamela patricia patrick patsy patty paul paula ' +
  'pauline pearl peggy penny percy peter phil philip phillip phoebe phyllis priscilla rachael rachel ralph randall randy ray ' +
  'raymond rebecca regina reginald renee rex rhonda rich richard rick ricky rita rob robert roberta robin robyn rochelle ' +
  'rodney roger roland ron ronald ronnie rosa rosalie rose rosemary roxanne roy ruby russell ruth ryan sabrina sadie sally sam ' +
  'samantha samuel sandra sandy sara sarah scott sean sebastian sergio seth shane shannon sharon shaun shawn sheila shelby ' +
  'shelley shelly sheri sherri sherry sheryl shirley sidney simon sonia sonya sophia sophie spencer stacey stacy stanley stella ' +
  'stephanie stephen steve steven stewart stuart sue susan suzanne sylvia tamara tammy tanya tara tasha ted teresa teri terrance ' +
  'terrence terri terry thelma theodore theresa thomas tiffany tim timothy tina todd tom tommy toni tony tonya tracey traci ' +
  'tracy travis trevor tricia troy tyler tyrone valerie vanessa vera vernon veronica vicki vickie vicky victor victoria vincent ' +
  'viola violet vivian wade wallace walter wanda warren wayne wendy wesley whitney wilbur will willard william willie wilma ' +
  'winifred yolanda yvette yvonne zachary zoe ' +
  // Spanish and Portuguese
  'abel adolfo adriana agustin alba alberto alejandra alejandro alfonso alfredo alonso alvaro amparo ana anabel andres angeles ' +
  'antonia antonio aquiles araceli armando arturo beatriz benito bernardo blanca camila camilo carlos carmen carolina cecilio ' +
  'cesar clemente concepcion consuelo cristian cristina cristobal daniela diego dolores domingo eduardo efrain elba elias ' +
  'elsa elvira emilia emilio enrique ernesto esperanza esteban estela eugenia eugenio eusebio ezequiel fabian fabiola federico ' +
  'felipe fernanda fernando fidel flor francisca francisco gabriela gerardo german gilberto giovanna gisela gonzalo graciela ' +
  'gregorio guadalupe guillermo gustavo hernan hilda horacio hugo humberto ignacio ines irma ismael jacinto javier jesus ' +
  'joaquin jorge jose josefa josefina juan juana juliana julio karina katia leandro leonardo leonor leticia lidia lorena ' +
  'lorenzo lourdes lucia luciana luis luisa luz magdalena maite manuel manuela marcela marcelo marcos margarita maria mariana ' +
  'mariano maribel maricarmen mario marisol marta martina mateo matias mauricio mercedes miguel milagros miriam moises nadia ' +
  'natalia nelson nestor nicolas nieves noelia norberto nuria octavio olga omar orlando pablo paco paloma paola pascual patricio ' +
  'pedro pilar rafael ramiro ramon raquel raul rebeca rene ricardo rigoberto roberto rocio rodolfo rodrigo rogelio roman rosario ' +
  'ruben salvador santiago santos sara saul sergio silvia sofia soledad susana teodoro tomas valentina vicente vilma viviana ' +
  'walter wilfredo ximena yadira yolanda joao paulo pedro rui tiago antonio joana ' +
  // German, French and other European
  'albrecht andreas anja annegret antje astrid axel bernd bernhard birgit björn bruno burkhard christa christel christoph claudia ' +
  'cornelia detlef dieter dietmar dirk doris eckhard elfriede elke erich ernst erwin eva-maria franziska franz friedrich fritz ' +
  'gabriele gerd gerda gerhard gertrud gisela gudrun günter günther gunther hanna hannelore hans harald hartmut heike heiko heinrich ' +
  'heinz helga helmut herbert hermann hildegard holger horst ilse inge ingeborg ingo jens jochen johann johanna johannes jörg jürgen ' +
  'jutta karin karl-heinz karsten katharina katja katrin klaus lars lena lothar lukas manfred manuela margit margot marion markus ' +
  'marlies matthias maximilian monika nadine nicole norbert olaf otto peter petra rainer ralf reinhard renate roland rolf rüdiger ' +
  'sabine sandra siegfried sigrid silke simone stefan stefanie steffen susanne sven svenja thorsten thorben tobias torsten udo ulrich ' +
  'ulrike ursula ute uwe volker waldemar werner wilfried wilhelm wolfgang wolfram yannick ' +
  'alain amélie antoine aurélie benoît bernadette camille cécile céline chantal christophe clément corinne damien delphine didier ' +
  'dominique élise élodie émilie étienne fabien fabrice florian françois françoise frédéric gaëlle genevieve geneviève georges gérard ' +
  'gilles guillaume guy hélène henri hervé jacques jean-luc jean-paul jean-pierre jérôme joëlle julien juliette laurence laurent léa lucie ' +
  'madeleine marc margaux martine mathieu maxime michel mireille monique nathalie nicolas océane odile olivier pascal pascale patrice ' +
  'philippe pierre quentin rémi romain sandrine sébastien séverine solange stéphane stéphanie sylvain sylvie thibault thierry valérie ' +
  'véronique virginie xavier yves yvonne giovanni giuseppe luca marco matteo paolo pietro francesca giulia chiara jan piotr pawel ' +
  'krzysztof agnieszka katarzyna malgorzata ewa anders erik lars johan bjorn ingrid mikael ' +
  // Kenya and its neighbours
  'abdi achieng adhiambo agnetta akinyi akoth amina amos anyango asha athman atieno auma awino barasa benard beryl biwott boniface ' +
  'caren catherine chebet chelimo chepkemoi chepkoech cherono cheruiyot chege collins cosmas cyrus daudi dorcas edwin elkana emmanuel ' +
  'ephraim evans evaline everlyne ezekiel fatuma faith fatma felistus fridah gathoni gichuki githinji gideon gitau halima hamisi hassan ' +
  'hellen hillary hussein imani isaiah jackline japheth jebet jeptoo jepkosgei joab jomo josphat joram judah juma justus kamau karanja ' +
  'kariuki kassim kennedy kibet kimani kimutai kiplagat kiprop kiprono kiprotich kipchoge kipkemboi kipruto kosgei langat lilian loise ' +
  'macharia magdaline maina makena makori mbugua mercy moraa moses muchiri mugo mumbi mumbua muriithi musa musyoka muthoni mutiso mutua ' +
  'mutuku mwai mwangi mwanaisha mwende mwikali nafula naliaka nanjala neema nekesa ngugi nyaboke nyambura nyokabi ochieng odhiambo ' +
  'okello okoth omondi onyango opiyo otieno ouma owino pauline peninah philemon phylis purity rahab rashid rehema ruth saida salim salome ' +
  'sammy saida shiru silas solomon stephen sylvester tabitha titus wafula waithera wairimu waiyaki wambui wangari wangechi wangui wanjala ' +
  'wanjiku wanjiru wanyama wekesa winnie zainab zawadi zipporah wycliffe ' +
  // Elsewhere
  'abdul abdullah abu aditya ahmad ahmed aisha ajay ali alok amir amit amitabh anand anil anita anjali ankit arjun arun ashok asma ayesha ' +
  'bilal chen deepak deepika divya farah fatima ganesh gaurav geeta hamza harish haruto hiroshi hui ibrahim imran indira jamal jin jun ' +
  'kavita kenji khalid kiran krishna kumar lakshmi lei leila li ling mahmoud manish manoj maryam mei meera mehmet min ming mohamed ' +
  'mohammad mohammed mohan muhammad mustafa nasser neha nikhil olu pooja prakash priya rahul raj rajesh rajiv ramesh rana ravi rohit sakura ' +
  'samir sandeep sanjay sanjeev satoshi sayed shankar shanti shreya sita sunil sunita suresh takashi tariq vijay vikram vinod wang wei xiao ' +
  'yan ying youssef yuki yuko yusuf zhang zhen adebayo chidi chinedu emeka folake ifeoma kwame kofi ngozi nkechi obinna olumide oluwaseun ' +
  'thabo thandiwe sipho tendai';

const known: ReadonlySet<string> = new Set(names.split(' ').map(plain));

/** Whether a word is a common given name, with or without its accents. */
export function isGivenName(word: string): boolean {
  return known.has(plain(word)) || known.has(plain(word.split('-', 1)[0]!));
}

function plain(word: string): string {
  return word.toLowerCase().normalize('NFD').replaceAll(/\p{M}/gu, '');
}
