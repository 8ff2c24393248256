/**
 * What a session's thread runs: session_worker.ts and all that it imports, as one module in a string.
 * A thread that starts from it has no thirty files to find and load, and neither does who bundles or
 * compiles a program have to bring them along.
 *
 * Written by `deno task worker`, never by hand.
 *
 * @module
 */

/** The module. */
export const WORKER_SOURCE: string = `\
function shown(value){if(typeof value=="string")return JSON.stringify(value);if(typeof value=="funct\\
ion")return"a function";if(typeof value=="bigint")return\`\${value}n\`;if(typeof value!="object"||value===
null)return String(value);if(Array.isArray(value))return"an Array";let name=value.constructor?.name;
return typeof name=="string"&&name!==""?\`an instance of \${name}\`:"an object"}function parseAddress(addr){let fail=why=>{throw new TypeError(\`Cannot open a session: the address \${shown(
addr)} \${why}; write it as "localhost:9000", "[::1]:9000" or "unix:/path"\`)};if(typeof addr!="string")
return fail("is no string");let unix=unixAddress(addr);if(unix!==void 0)return unix;let match=/^(?:\\[([0-9A-Fa-f:.%\\w]+)\\]|([^\\s:/?#@[\\]]+))(?::(\\d{1,5}))?$/.
exec(addr);if(match===null)return fail("is not of the form host:port");let port=match[3]===void 0?9e3:
Number(match[3]);return port<1||port>65535?fail("has a port outside 1 to 65535"):{hostname:match[1]??
match[2],port}}function unixAddress(addr){return/^unix:\\/[^\\0]*$/.test(addr)?{path:addr.slice(5)}:void 0}
function formatAddress(address){if("path"in address)return\`unix:\${address.path}\`;let{hostname,port}=address;
return hostname.includes(":")?\`[\${hostname}]:\${port}\`:\`\${hostname}:\${port}\`}function outputAddress(given,main){
if(given.startsWith(":")&&"hostname"in main)return parseAddress(formatAddress({...main,port:Number(given.
slice(1))}));let address=parseAddress(given);if("path"in address=="path"in main)return address;throw new TypeError(
\`Cannot go to \${shown(given)} for the output of \${formatAddress(main)}: both streams are unix socket\\
s, or neither\`)}var VERSION="0.1.0";var UntrustedError=class extends Error{name="UntrustedError"};async function unlessAborted(signal,step,undo){
let aborted=Promise.withResolvers(),onAbort=()=>{undo(),aborted.reject(signal.reason)};signal.addEventListener(
"abort",onAbort,{once:!0}),signal.aborted&&onAbort();try{return await Promise.race([step,aborted.promise])}finally{
signal.removeEventListener("abort",onAbort)}}var FrameError=class extends Error{name="FrameError";code;constructor(code,message){super(message),this.
code=code}};function writeHeader(into,at,type,flags,length,id){into[at]=0,into[at+1]=2,into[at+2]=type,
into[at+3]=flags,into[at+4]=length>>>24,into[at+5]=length>>>16,into[at+6]=length>>>8,into[at+7]=length,
into[at+8]=id>>>24,into[at+9]=id>>>16,into[at+10]=id>>>8,into[at+11]=id}function frameBytes(type,flags,id,body){
let bytes=new Uint8Array(12+body.length);return writeHeader(bytes,0,type,flags,body.length,id),bytes.
set(body,12),bytes}function copyFew(from,into,at){let{length}=from;if(length>FEW_BYTES)into.set(from,
at);else for(let i=0;i<length;i++)into[at+i]=from[i]}var FEW_BYTES=32;function readU32(bytes,at){return(bytes[at]<<
24|bytes[at+1]<<16|bytes[at+2]<<8|bytes[at+3])>>>0}function writeU32(into,at,value){into[at]=value>>>
24,into[at+1]=value>>>16,into[at+2]=value>>>8,into[at+3]=value}var MessageType={CLIENT_HELLO:1,SERVER_HELLO:2,ERROR:3,GOODBYE:4,PING:5,PONG:6,CHALLENGE:7,PROOF:8,EVAL:16,
RESULT:17,CANCEL:18,INTERRUPT:19,INTERRUPTED:20,RUNNING:21,STATUS:22,STATUS_REPLY:23,OUTPUT_HELLO:32,
OUTPUT_READY:33,OUTPUT:34,OUTPUT_END:35,LOG:36};var SILENT_FLAG=128,ResultStatus={VALUE:0,PYTHON_ERROR:1,CANCELLED:2,DIED:3,UNSENDABLE:4,NAMESPACE_GONE:5};var HEX_32=/^[0-9a-f]{64}$/;function newNonce(){return crypto.getRandomValues(new Uint8Array(32)).toHex()}
function isNonce(text2){return HEX_32.test(text2)}function proofMessage(role,hello,challenge){let name=new TextEncoder().
encode(role),message=new Uint8Array(name.length+hello.length+challenge.length);return message.set(name),
message.set(hello,name.length),message.set(challenge,name.length+hello.length),message}function isSameSecret(given,expected){
if(given.length!==expected.length)return!1;let difference=0;for(let i=0;i<expected.length;i++)difference|=
given.charCodeAt(i)^expected.charCodeAt(i);return difference===0}var BodyError=class extends Error{name="BodyError"};function parseServerHello(body){let map=control(
"SERVER_HELLO",body),limits=control("SERVER_HELLO limits",map.limits),python=control("SERVER_HELLO p\\
ython",map.python),session_id=text("SERVER_HELLO",map,"session_id");if(!/^[0-9a-f]{32}$/.test(session_id))
throw new BodyError(\`SERVER_HELLO has a session_id of \${JSON.stringify(session_id)}\`);return{session_id,
stream_token:text("SERVER_HELLO",map,"stream_token"),output_addr:text("SERVER_HELLO",map,"output_add\\
r"),limits:{frame_bytes:Math.min(count("SERVER_HELLO limits",limits,"frame_bytes"),268435456),evals_in_flight:Math.
min(count("SERVER_HELLO limits",limits,"evals_in_flight"),1e3)},server:text("SERVER_HELLO",map,"serv\\
er"),python:{version:text("SERVER_HELLO python",python,"version"),implementation:text("SERVER_HELLO \\
python",python,"implementation"),msgpack:text("SERVER_HELLO python",python,"msgpack")},features:words(
"SERVER_HELLO",map,"features"),...Object.hasOwn(map,"proof")?{proof:text("SERVER_HELLO",map,"proof")}:
{}}}function parseInterrupted(body){let map=control("INTERRUPTED",body);return Object.hasOwn(map,"id")?
{id:count("INTERRUPTED",map,"id")}:{}}function parseChallenge(body){let nonce=text("CHALLENGE",control(
"CHALLENGE",body),"nonce");if(!isNonce(nonce))throw new BodyError("CHALLENGE has a nonce that is not\\
 64 hex digits");return{nonce}}function parseRunning(body){return{ms:count("RUNNING",control("RUNNIN\\
G",body),"ms")}}function parseStatus(body){let map=control("STATUS_REPLY",body),python=control("STAT\\
US_REPLY python",map.python),process=control("STATUS_REPLY process",map.process),status={python:{version:text(
"STATUS_REPLY python",python,"version"),implementation:text("STATUS_REPLY python",python,"implementa\\
tion")},queued:count("STATUS_REPLY",map,"queued"),process:{evals:count("STATUS_REPLY process",process,
"evals"),sessions:count("STATUS_REPLY process",process,"sessions")}};return Object.hasOwn(python,"pi\\
d")&&(status.python.pid=count("STATUS_REPLY python",python,"pid")),Object.hasOwn(map,"running")&&(status.
running=count("STATUS_REPLY",map,"running")),status}function parseError(body){let map=control("ERROR",
body);return{code:text("ERROR",map,"code"),message:text("ERROR",map,"message")}}function parseGoodbye(body){
let map=control("GOODBYE",body),drain=Object.hasOwn(map,"drain")?map.drain:!1;if(typeof drain!="bool\\
ean")throw new BodyError("GOODBYE has a drain that is no boolean");return{reason:Object.hasOwn(map,"\\
reason")?text("GOODBYE",map,"reason"):void 0,drain}}function parseOutputReady(body){control("OUTPUT_\\
READY",body)}function parseLog(body){let map=control("LOG",body),level=text("LOG",map,"level");if(level!==
"debug"&&level!=="info"&&level!=="warn"&&level!=="error")throw new BodyError(\`LOG has the level \${JSON.
stringify(level)}\`);let record={...map,level,ts:text("LOG",map,"ts"),msg:text("LOG",map,"msg"),session_id:text(
"LOG",map,"session_id")};return Object.hasOwn(map,"future_id")&&(record.future_id=count("LOG",map,"f\\
uture_id")),record}function control(what,body){if(typeof body=="object"&&body!==null){let prototype=Object.
getPrototypeOf(body);if(prototype===Object.prototype||prototype===null)return body}throw new BodyError(
\`the body of \${what} is no map with string keys\`)}function text(what,map,field){let value=Object.hasOwn(
map,field)?map[field]:void 0;if(typeof value=="string")return value;throw new BodyError(\`\${what} has\\
 no string '\${field}'\`)}function words(what,map,field){let value=Object.hasOwn(map,field)?map[field]:
[];if(Array.isArray(value)&&value.every(word=>typeof word=="string"))return value;throw new BodyError(
\`\${what} has '\${field}' that are no strings\`)}function count(what,map,field){let value=Object.hasOwn(
map,field)?map[field]:void 0;if(typeof value=="number"&&Number.isSafeInteger(value)&&value>=0)return value;
throw new BodyError(\`\${what} has no '\${field}' that is an integer of 0 or more\`)}var DecodeError=class extends Error{name="DecodeError";constructor(reason,options){super(\`Cannot rea\\
d a value: \${reason}\`,options)}};var KeyCache=class _KeyCache{static MAX_BYTES=32;#slots=new Array(1024).fill("");find(bytes,at,length){
let key=this.#slots[slotOf(bytes,at,length)];if(key.length===length){for(let i=0;i<length;i++)if(key.
charCodeAt(i)!==bytes[at+i])return;return key}}keep(bytes,at,length,key){length>_KeyCache.MAX_BYTES||
key.length!==length||(this.#slots[slotOf(bytes,at,length)]=Object.keys({[key]:null})[0])}};function slotOf(bytes,at,length){
if(length===0)return 0;let last=at+length-1;return length+31*(bytes[at]+31*(bytes[last]+31*bytes[at+
(length>>1)]))&1023}function safeOrBig(value){let number=Number(value);return Number.isSafeInteger(number)?number:value}function writeUtf8(text2,into,at){let length=text2.length;for(let i=0;i<length;i++){let code=text2.charCodeAt(
i);if(code<128){into[at++]=code;continue}if(code<2048)into[at++]=192|code>>6;else{if(code<55296||code>
57343)into[at++]=224|code>>12;else{if(code=text2.codePointAt(i++),code<65536)return-1;into[at++]=240|
code>>18,into[at++]=128|code>>12&63}into[at++]=128|code>>6&63}into[at++]=128|code&63}return at}var STRICT=new TextDecoder(
"utf-8",{fatal:!0,ignoreBOM:!0}),HAND_BYTES=96,UNITS=Array.from({length:HAND_BYTES+1},(_,length)=>new Array(
length).fill(0));function readUtf8(bytes,at,end){let length=end-at;if(length>HAND_BYTES)return STRICT.
decode(bytes.subarray(at,end));let units=UNITS[length];for(let i=0;i<length;i++){let byte=bytes[at+i];
if(byte>127)return readWide(bytes,at+i,end,units,i)??STRICT.decode(bytes.subarray(at,end));units[i]=
byte}return String.fromCharCode.apply(null,units)}function readWide(bytes,at,end,units,count2){for(;at<
end;){let first=bytes[at++];if(first<128){units[count2++]=first;continue}let more=first<224?1:first<
240?2:3;if(at+more>end)return;let second=bytes[at++];if((second&192)!==128)return;let code=(first&63>>
more)<<6|second&63;if(more===1){if(first<194)return}else{let third=bytes[at++];if((third&192)!==128)
return;if(code=code<<6|third&63,more===2){if(code<2048||code>=55296&&code<=57343)return}else{let fourth=bytes[at++];
if((fourth&192)!==128||(code=code<<6|fourth&63,first>244||code<65536||code>1114111))return;units[count2++]=
55232+(code>>10),code=56320|code&1023}}units[count2++]=code}let exact=UNITS[count2];for(let i=0;i<count2;i++)
exact[i]=units[i];return String.fromCharCode.apply(null,exact)}var VIEW_BYTES=32*1024,FIRST_ELEMENTS=1024,NOTHING=new Uint8Array(0),Decoder=class{#bytes=NOTHING;#view;#at=0;#end=0;#depth=0;#claims=0;#keys=new KeyCache;#extensions;constructor(extensions){
this.#extensions=extensions}decode(bytes,start=0,end=bytes.length){this.#bytes=bytes,this.#at=start,
this.#end=end,this.#claims=end-start,this.#depth=0;try{let value=this.read();if(this.#at!==end)throw new DecodeError(
\`\${end-this.#at} bytes are left after it\`);return value}finally{this.#bytes=NOTHING,this.#view=void 0}}read(){
if(this.#at>=this.#end)throw this.#cutShort();let head=this.#bytes[this.#at++];if(head<128)return head;
if(head>=224)return head-256;if(head<192)return head>=160?this.#string(head&31):head<144?this.#map(head&
15):this.#array(head&15);switch(head){case 192:return null;case 194:return!1;case 195:return!0;case 203:
return(this.#view??=this.#viewed()).getFloat64(this.#skip(8));case 204:case 205:case 206:return this.#uint(
head-204);case 217:return this.#string(this.#uint(0));default:return this.#seldom(head)}}#seldom(head){
switch(head){case 196:case 197:case 198:return this.#bin(this.#uint(head-196));case 199:case 200:case 201:
return this.#extension(this.#uint(head-199));case 202:return(this.#view??=this.#viewed()).getFloat32(
this.#skip(4));case 207:return safeOrBig((this.#view??=this.#viewed()).getBigUint64(this.#skip(8)));case 208:
return(this.#view??=this.#viewed()).getInt8(this.#skip(1));case 209:return(this.#view??=this.#viewed()).
getInt16(this.#skip(2));case 210:return(this.#view??=this.#viewed()).getInt32(this.#skip(4));case 211:
return safeOrBig((this.#view??=this.#viewed()).getBigInt64(this.#skip(8)));case 212:case 213:case 214:case 215:case 216:
return this.#extension(1<<head-212);case 218:case 219:return this.#string(this.#uint(head-217));case 220:case 221:
return this.#array(this.#uint(head-219));case 222:case 223:return this.#map(this.#uint(head-221));default:
throw new DecodeError(\`the byte 0xc1 at \${this.#at-1} begins nothing\`)}}list(what){let value=this.read();
if(Array.isArray(value))return value;throw new DecodeError(\`\${what} is no array\`)}elements(count2,array){
let size=array.BYTES_PER_ELEMENT;if(count2<0||count2%size!==0)throw new DecodeError(\`\${count2} bytes\\
 are no elements of \${size} bytes each\`);let bytes=this.#bin(count2),{buffer,byteOffset}=bytes,start=byteOffset-
byteOffset%size;return start!==byteOffset&&new Uint8Array(buffer).copyWithin(start,byteOffset,byteOffset+
count2),new array(buffer,start,count2/size)}take(count2){let at=this.#skip(count2);return this.#bytes.
subarray(at,at+count2)}#array(length){this.#enter(length);let room=Math.min(length,FIRST_ELEMENTS),array=new Array(
room);for(let i=0;i<length;i++){i===room&&(array.length=room=Math.min(length,8*room));let at=this.#at,
head=at+8<this.#end?this.#bytes[at]:193;head===203?(array[i]=(this.#view??=this.#viewed()).getFloat64(
at+1),this.#at=at+9):head===205?(array[i]=(this.#view??=this.#viewed()).getUint16(at+1),this.#at=at+
3):head===206?(array[i]=(this.#view??=this.#viewed()).getUint32(at+1),this.#at=at+5):head<128?(array[i]=
head,this.#at=at+1):array[i]=this.read()}return this.#depth--,array}#map(length){this.#enter(2*length);
let object={};for(let i=0;i<length;i++){let key=this.#key();object[key]=this.read()}return this.#depth--,
object}#key(){let head=this.#uint(0),length;if(head>=160&&head<192)length=head&31;else if(head>=217&&
head<=219)length=this.#uint(head-217);else throw new DecodeError(\`a key at \${this.#at-1} of a map is\\
 no string\`);let at=this.#at;if(length<=KeyCache.MAX_BYTES&&at+length<=this.#end){let known=this.#keys.
find(this.#bytes,at,length);if(known!==void 0)return this.#at=at+length,known}let key=this.#string(length);
if(key==="__proto__")throw new DecodeError("a map has the key __proto__");return this.#keys.keep(this.#bytes,
at,length,key),key}#string(length){let at=this.#skip(length);try{return readUtf8(this.#bytes,at,at+length)}catch(cause){
throw new DecodeError(\`the string at \${at} is not well-formed UTF-8\`,{cause})}}#bin(length){let view=this.
take(length);return length>=VIEW_BYTES&&2*length>=view.buffer.byteLength?view:new Uint8Array(view)}#extension(length){
let code=this.#uint(0),read=this.#extensions.get(code);if(read===void 0)throw new DecodeError(\`there\\
 is no extension \${code<<24>>24}, at \${this.#at-1}\`);if(this.#enter(0),length>this.#end-this.#at)throw this.#cutShort();
let outer=this.#end;this.#end=this.#at+length;let value=read(this,length);if(this.#at!==this.#end)throw new DecodeError(
\`\${this.#end-this.#at} bytes are left in extension \${code}\`);return this.#end=outer,this.#depth--,value}#enter(count2){
if(++this.#depth>512)throw new DecodeError(\`it is nested deeper than \${512} levels\`);if(this.#claims-=
count2,count2>this.#end-this.#at||this.#claims<0)throw this.#cutShort()}#uint(size){if(size===0)return this.#bytes[this.#skip(
1)];let view=this.#view??=this.#viewed();return size===1?view.getUint16(this.#skip(2)):view.getUint32(
this.#skip(4))}#skip(count2){let at=this.#at;if(count2>this.#end-at)throw this.#cutShort();return this.#at=
at+count2,at}#viewed(){let{buffer,byteOffset,byteLength}=this.#bytes;return new DataView(buffer,byteOffset,
byteLength)}#cutShort(){return new DecodeError(\`it is cut short: more is claimed at \${this.#at} than\\
 there is\`)}};var PyProxyError=class extends Error{name="PyProxyError";constructor(message,options){super(message,
options)}};var EncodeError=class extends PyProxyError{name="EncodeError";path;valueType;constructor(message,path,valueType=""){
super(message),this.path=path,this.valueType=valueType}};var SHOWN_PATH_CHARS=240;var Fault=class{reason;valueType;tooDeep;#steps=[];#containers=[];constructor(reason,valueType,tooDeep=!1){
this.reason=reason,this.valueType=valueType,this.tooDeep=tooDeep}within(container,step){return this.#containers.
push(container),this.#steps.push(step),this}toError(root){let steps=this.#steps.reverse();if(this.tooDeep){
let first=new Map;for(let[depth,container]of this.#containers.reverse().entries()){let before=first.
get(container);if(before!==void 0){let reason=\`it is a cycle, the same object as \${shown2(join(root,
steps,before))}\`;return refusal(join(root,steps,depth),reason,this.valueType)}first.set(container,depth)}}
return refusal(join(root,steps,steps.length),this.reason,this.valueType)}};function join(root,steps,count2){let path=root+steps.slice(0,count2).join("");return root===""&&path.
startsWith(".")?path.slice(1):path}function refusal(path,reason,valueType){return new EncodeError(\`C\\
annot send \${shown2(path)}: \${reason}\`,path,valueType)}function shown2(path){if(path==="")return"thi\\
s value";if(path.length<=SHOWN_PATH_CHARS)return path;let half=SHOWN_PATH_CHARS/2;return\`\${path.slice(
0,half)}\\u2026\${path.slice(-half)}\`}var BYTES={sends:{prototypes:[ArrayBuffer.prototype,DataView.prototype,Uint8ClampedArray.prototype],
write(value,writer){value instanceof ArrayBuffer?(refuseDetached(value),writer.bin(new Uint8Array(value))):
writer.bin(bytesOf(value))}}};function bytesOf(view){view.buffer.byteLength===0&&refuseDetached(view.
buffer);try{return!(view instanceof DataView)&&view.byteLength===0&&view.values(),new Uint8Array(view.
buffer,view.byteOffset,view.byteLength)}catch(error){throw error instanceof TypeError?new Fault("its\\
 buffer has been made smaller than it",view.constructor.name):error}}function refuseDetached(buffer){
if(buffer instanceof ArrayBuffer&&buffer.detached)throw new Fault("its bytes were transferred away",
"ArrayBuffer")}var FIRST_BYTES=1024,KEPT_BYTES=256*1024,MAX_USED_BUFFER_BYTES=64*1024*1024,LIMIT_SLACK_BYTES=1024,HAND_CHARS=48,
UTF8=new TextEncoder,Writer=class{#bytes=new Uint8Array(FIRST_BYTES);#view=new DataView(this.#bytes.
buffer);#at=0;#limit=0;#lastLarge=0;#used;#isOld=!1;get length(){return this.#at}bytes(){return this.#bytes.
subarray(0,this.#at)}take(){this.#refuseWhileBusy();let large=this.#at>KEPT_BYTES,taken=large?this.bytes():
this.#bytes.slice(0,this.#at);return large&&(this.#lastLarge=Math.min(this.#bytes.length,268435456/16),
this.#use(new Uint8Array(FIRST_BYTES))),this.#at=0,taken}reset(){this.truncate(0),this.#bytes.length>
2*KEPT_BYTES&&this.#use(new Uint8Array(FIRST_BYTES))}reuse(buffer){buffer.byteLength>MAX_USED_BUFFER_BYTES||
(this.#used=buffer,this.#isOld=!1)}rest(){this.#isOld&&(this.#used?.transfer(0),this.#used=void 0),this.#isOld=
!0}truncate(length){length>=this.#at||(this.#refuseWhileBusy(),this.#at=length)}reserve(count2){return this.#refuseWhileBusy(),
this.#need(count2),this.#at+=count2,this.#at-count2}setU32(at,value){writeU32(this.#bytes,at,value)}raw(bytes){
this.#refuseWhileBusy(),this.append(bytes)}setBusy(busy){busy&&this.#refuseWhileBusy(),this.#limit=busy?
this.#at+268435456+LIMIT_SLACK_BYTES:0}byte(value){this.#need(1),this.#bytes[this.#at++]=value}append(bytes){
this.#need(bytes.length),this.#bytes.set(bytes,this.#at),this.#at+=bytes.length}number(value){this.#need(
9);let int=value|0;if(int!==value||int===0&&Object.is(value,-0))return this.#wideNumber(value);int>=
0?int<128?this.#bytes[this.#at++]=int:this.#sized(204,int):int>=-32?this.#bytes[this.#at++]=int:int>=
-128?this.#put8(208,int):int>=-32768?this.#put16(209,int):this.#put32(210,int)}#wideNumber(value){if(!Number.
isSafeInteger(value)||value===0)return this.#float64(value);if(value>0&&value<=4294967295)return this.#put32(
206,value);this.#bytes[this.#at++]=value>0?207:211,this.#view.setInt32(this.#at,Math.floor(value/2**
32)),this.#view.setUint32(this.#at+4,value%2**32>>>0),this.#at+=8}float(value){this.#need(9),this.#float64(
value)}#float64(value){this.#bytes[this.#at]=203,this.#view.setFloat64(this.#at+1,value),this.#at+=9}integer64(value){
this.#need(9),this.#bytes[this.#at]=value>0n?207:211,this.#view.setBigUint64(this.#at+1,BigInt.asUintN(
64,value)),this.#at+=9}bin(bytes){let length=bytes.length;length===0&&bytesOf(bytes),this.#need(5+length),
this.#sized(196,length),this.append(bytes)}arrayHeader(length){this.#need(5),length<16?this.#bytes[this.#at++]=
144|length:length<65536?this.#put16(220,length):this.#put32(221,length)}mapHeader(length){this.#need(
5),length<16?this.#bytes[this.#at++]=128|length:length<65536?this.#put16(222,length):this.#put32(223,
length)}rewind(start){this.#at=start}extensionHeader(code,length){this.#need(6+length);let fixed=FIXED_EXTENSIONS.
get(length);fixed!==void 0?this.#bytes[this.#at++]=fixed:this.#sized(199,length),this.#bytes[this.#at++]=
code}openExtension(){return this.#need(3),this.#at+=3,this.#at-3}closeExtension(at,code){let payload=at+
3,length=this.#at-payload,header=FIXED_EXTENSIONS.get(length)!==void 0?2:length<256?3:length<65536?4:
6;this.#need(3),header!==3&&this.#bytes.copyWithin(at+header,payload,this.#at),this.#at=at,this.extensionHeader(
code,length),this.#at+=length}string(value){let length=value.length;if(length>HAND_CHARS)return this.#longString(
value);this.#need(2+length);let bytes=this.#bytes,at=this.#at+(length<32?1:2);for(let i=0;i<length;i++){
let code=value.charCodeAt(i);if(code>127)return this.#wideString(value);bytes[at++]=code}length<32?bytes[this.#at]=
160|length:this.#put8(217,length),this.#at=at}#wideString(value){let start=this.#at;this.#need(2+3*value.
length);let guess=value.length<16?1:2,end=writeUtf8(value,this.#bytes,start+guess);if(end<0)throw notWellFormed();
this.#at=end,this.#stringHeader(start,guess)}#longString(value){if(!value.isWellFormed())throw notWellFormed();
let start=this.#at,guess=headerLength(value.length);this.#need(guess),this.#at+=guess;let rest=value;
for(;rest!=="";){this.#need(rest.length+3);let{read,written}=UTF8.encodeInto(rest,this.#bytes.subarray(
this.#at));this.#at+=written,rest=rest.slice(read)}this.#stringHeader(start,guess)}#stringHeader(start,guess){
let length=this.#at-start-guess,header=headerLength(length);header!==guess&&(this.#need(header),this.#bytes.
copyWithin(start+header,start+guess,this.#at)),this.#at=start,length<32?this.#bytes[this.#at++]=160|
length:this.#sized(217,length),this.#at+=length}#sized(head,value){value<256?this.#put8(head,value):
value<65536?this.#put16(head+1,value):this.#put32(head+2,value)}#put8(head,value){this.#bytes[this.#at]=
head,this.#bytes[this.#at+1]=value,this.#at+=2}#put16(head,value){this.#bytes[this.#at]=head,this.#bytes[this.#at+
1]=value>>8,this.#bytes[this.#at+2]=value,this.#at+=3}#put32(head,value){this.#bytes[this.#at]=head,
writeU32(this.#bytes,this.#at+1,value),this.#at+=5}#need(count2){this.#at+count2>this.#bytes.length&&
this.#grow(this.#at+count2)}#grow(needed){if(this.#limit!==0&&needed>this.#limit)throw new Fault(\`th\\
e message would be larger than \${268435456} bytes\`,"object");let length=Math.max(needed,this.#bytes.
length*2);length>=KEPT_BYTES/4&&(length=Math.max(length,this.#lastLarge));let bytes=length>KEPT_BYTES?
this.#large(needed,length):new Uint8Array(length);bytes.set(this.bytes()),this.#use(bytes)}#large(needed,length){
let used=this.#used;return used===void 0||used.byteLength<needed||used.byteLength>2*length?new Uint8Array(
Math.ceil(length/KEPT_BYTES)*KEPT_BYTES):(this.#used=void 0,new Uint8Array(used))}#use(bytes){this.#bytes=
bytes,this.#view=new DataView(bytes.buffer)}#refuseWhileBusy(){if(this.#limit!==0)throw new TypeError(
"Cannot send a value while another is being read for sending: a getter or Proxy of that one asks for\\
 it")}},FIXED_EXTENSIONS=new Map([[1,212],[2,213],[4,214],[8,215],[16,216]]);function headerLength(length){
return length<32?1:length<256?2:length<65536?3:5}function notWellFormed(){return new Fault("a string\\
 with half of a surrogate pair is no text","string")}var DECODER=new Decoder(new Map);function decodeControl(bytes){return DECODER.decode(bytes)}function encodeControl(body){
let writer=new Writer,fields=Object.entries(body);writer.mapHeader(fields.length);for(let[field,value]of fields)
try{if(writer.string(field),typeof value=="string")writer.string(value);else if(typeof value=="numbe\\
r")writer.number(value);else if(typeof value=="boolean")writer.byte(value?195:194);else throw new Fault(
"control bodies have strings, numbers and booleans",typeof value)}catch(error){throw error instanceof
Fault?error.toError(field):error}return writer.bytes()}var IdTable=class{#ids=[];#values=[];#first=0;#size=0;get size(){return this.#size}get(id){return this.#values[this.#find(
id)]}add(id,value){this.#ids.push(id),this.#values.push(value),this.#size++}take(id){let at=this.#find(
id),value=this.#values[at];if(value===void 0)return;for(this.#values[at]=void 0,this.#size--;this.#first<
this.#values.length&&this.#values[this.#first]===void 0;)this.#first++;let holes=this.#values.length-
this.#size;return holes>256&&holes>this.#size&&this.#close(),value}takeFirst(){return this.#size===0?
void 0:this.take(this.#ids[this.#first])}ids(){return this.#ids.filter((_,i)=>this.#values[i]!==void 0)}clear(){
this.#ids=[],this.#values=[],this.#first=this.#size=0}#find(id){let ids=this.#ids,low=this.#first,guess=low+
id-ids[low];if(ids[guess]===id)return guess;let high=ids.length;for(;low<high;){let middle=low+high>>
1;ids[middle]<id?low=middle+1:high=middle}return ids[low]===id?low:-1}#close(){this.#first+this.#size===
this.#ids.length?(this.#ids.splice(0,this.#first),this.#values.splice(0,this.#first)):(this.#ids=this.
ids(),this.#values=this.#values.filter(value=>value!==void 0)),this.#first=0}};var RuleBroken=class extends Error{name="RuleBroken"},ALLOWED={main:{none:[],hello:[MessageType.CHALLENGE,
MessageType.SERVER_HELLO,MessageType.ERROR],open:[MessageType.RESULT,MessageType.INTERRUPTED,MessageType.
RUNNING,MessageType.STATUS_REPLY,MessageType.GOODBYE,MessageType.ERROR,MessageType.PING,MessageType.
PONG]},output:{none:[],hello:[MessageType.OUTPUT_READY,MessageType.ERROR],open:[MessageType.OUTPUT,MessageType.
OUTPUT_END,MessageType.LOG,MessageType.ERROR,MessageType.PING,MessageType.PONG]}},BARE=[MessageType.
PING,MessageType.PONG,MessageType.OUTPUT_END],NUMBERED=[...BARE,MessageType.RUNNING,MessageType.STATUS_REPLY],
CLASS_OF_CODE={PROTOCOL:"ProtocolError",VERSION:"ProtocolError",STREAM_TOKEN:"ProtocolError",AUTHENTICATION:"\\
AuthenticationError",SLOW_READER:"SessionClosedError"},NAMES=new Map(Object.entries(MessageType).map(
([name,type])=>[type,name]));function checkAllowed(stream,state,type){if(!ALLOWED[stream][state].includes(
type))throw new RuleBroken(state==="hello"?\`the server's first message on the \${stream}stream was \${typeName(
type)}\`:\`the server sent \${typeName(type)} on the \${stream}stream\`)}function checkHeader({type,flags,
id,length}){if(!(type===MessageType.RESULT||type===MessageType.OUTPUT)){if(flags!==0)throw new RuleBroken(
\`the server sent \${typeName(type)} with flags \${flags}\`);if(length!==0&&BARE.includes(type))throw new RuleBroken(
\`the server sent \${typeName(type)} with a body of \${length} bytes\`);if(id!==0&&!NUMBERED.includes(type))
throw new RuleBroken(\`the server sent \${typeName(type)} with id \${id}\`)}}function readControl(frame,parse,maxBytes=65536){
if(frame.length>maxBytes)throw new RuleBroken(\`a \${typeName(frame.type)} has a body of \${frame.length}\\
 bytes, more than the \${maxBytes} allowed\`);try{return parse(frame.length===0?{}:decodeControl(frame.
body))}catch(error){throw new RuleBroken(error instanceof Error?error.message:String(error))}}function classOfCode(code){
return Object.hasOwn(CLASS_OF_CODE,code)?CLASS_OF_CODE[code]:"ConnectionError"}function typeName(type){
return NAMES.get(type)??\`type 0x\${type.toString(16).padStart(2,"0")}\`}var InFlight=class{#unanswered=new Set;#queued=new IdTable;#lastSent=0;#unended=new Set;hasEnded(id){
return id<=this.#lastSent&&!this.#unended.has(id)}has(id){return this.#unanswered.has(id)}get isEmpty(){
return this.#unanswered.size===0&&this.#queued.size===0&&this.hasAllOutput}get hasAllOutput(){return this.#unended.
size===0}add(bytes,limit){let room=this.#queued.size>0?0:limit-this.#unanswered.size,at=0;for(let count2=0;count2<
room&&at<bytes.length;count2++)this.#leaves(readU32(bytes,at+8)),at+=12+readU32(bytes,at+4);let left=at;
for(;at<bytes.length;){let end=at+12+readU32(bytes,at+4);this.#queued.add(readU32(bytes,at+8),bytes.
subarray(at,end)),at=end}if(left!==0)return{bytes:left===bytes.length?bytes:bytes.subarray(0,left),last:this.#lastSent}}next(limit){
if(this.#queued.size===0||this.#unanswered.size>=limit)return;let bytes=this.#queued.takeFirst();return this.#leaves(
readU32(bytes,8)),{bytes,last:this.#lastSent}}takeBack(id){return this.#queued.take(id)!==void 0}answered(id){
if(!this.#unanswered.delete(id))throw new RuleBroken(\`a RESULT came for request \${id}, which is not \\
in flight\`)}checkHasOutput(id){if(id>this.#lastSent)throw new RuleBroken(\`output came of eval \${id},\\
 which was not sent\`);if(!this.#unended.has(id))throw new RuleBroken(\`output came of eval \${id}, aft\\
er the end of its output\`)}endOutput(id){this.#unended.delete(id)}endOutputsTo(last){for(let id of this.#unended){
if(id>last)return;this.#unended.delete(id)}}drop(){this.#queued.clear()}#leaves(id){this.#lastSent=id,
this.#unanswered.add(id),this.#unended.add(id)}};var Unproven=class extends Error{name="Unproven"},Login=class{#hasToken;#hello;#challenged=!1;#proofs;constructor(hasToken){
this.#hasToken=hasToken}said(hello){this.#hello=hello}challenge(frame){if(this.#challenged)throw new RuleBroken(
"the server sent a second CHALLENGE");if(this.#challenged=!0,readControl(frame,parseChallenge,4096),
!this.#hasToken)throw new Unproven("the server asks for a token, and none was given");let challenge=frameBytes(
frame.type,frame.flags,frame.id,frame.body);return{hello:this.#hello,challenge}}computed(proofs){this.#proofs=
proofs}get outputProof(){return this.#proofs?.output}hint(code){return code==="AUTHENTICATION"&&!this.#hasToken?
" (none was given)":""}check({proof}){if(this.#hasToken){if(proof===void 0)throw new Unproven("a tok\\
en was given, but the server asks for none, so it has not proven who it is");if(this.#proofs===void 0||
!isSameSecret(proof,this.#proofs.server))throw new Unproven("the server has not proven that it knows\\
 the token")}}};var FrameReader=class{maxBody;#firstBytes;#buffers;#buffer=new Uint8Array(4096);#isBusy=!1;#start=0;#end=0;#large;#spare;constructor(maxBody,{
believes=!1,buffers}={}){this.maxBody=maxBody,this.#buffers=buffers,this.#firstBytes=believes?1/0:65536}get midFrame(){
return this.pending>0}get pending(){let large=this.#large;if(large!==void 0)return large.have===large.
header.length?0:12+large.have;let at=this.#start;for(;;){let have=this.#end-at,whole=have<12?1/0:12+
readU32(this.#buffer,at+4);if(have<whole)return have;at+=whole}}get part(){if(this.#large===void 0)return;
let{header:{type,id,length},have}=this.#large;return{type,id,length,have}}space(){let large=this.#large;
if(large!==void 0){if(large.have===large.body.length){let body=this.#bodyOf(Math.min(large.header.length,
large.have*64));body.set(large.body),large.body=body,large.owned=!0}return large.body.subarray(large.
have,large.have+262144)}if(this.#isBusy&&this.#buffer.length<65536){let buffer=new Uint8Array(65536);
buffer.set(this.#buffer.subarray(this.#start,this.#end)),this.#buffer=buffer,this.#end-=this.#start,
this.#start=0}return this.#start===this.#end?this.#start=this.#end=0:this.#start>0&&this.#buffer.length-
this.#end<this.#buffer.length/2&&(this.#buffer.copyWithin(0,this.#start,this.#end),this.#end-=this.#start,
this.#start=0),this.#buffer.subarray(this.#end)}filled(count2){return this.#large!==void 0?this.#large.
have+=count2:this.#end+=count2,this.#end===this.#buffer.length&&(this.#isBusy=!0),this.#frames()}*#frames(){
let large=this.#large;if(large!==void 0){if(large.have<large.header.length)return;this.#large=void 0,
yield{...large.header,body:large.body,owned:large.owned};return}let buffer=this.#buffer;for(;this.#start<
this.#end;){let at=this.#start,have=this.#end-at;if(this.#checkStart(at,have),have<12)return;let type=buffer[at+
2],flags=buffer[at+3],length=readU32(buffer,at+4),id=readU32(buffer,at+8);if(length>this.maxBody){let hex=type.
toString(16).padStart(2,"0");throw new FrameError("PROTOCOL",\`a frame of type 0x\${hex} claims a body\\
 of \${length} bytes, more than the \${this.maxBody} allowed here\`)}let whole=12+length;if(have>=whole){
this.#start+=whole;let body=buffer.subarray(at+12,at+whole);yield{type,flags,length,id,body,owned:!1}}else if(whole>
65536/2){let part=buffer.subarray(at+12,this.#end),used=this.#buffers?.take(length),size=used===void 0?
Math.min(length,this.#firstBytes):length,spare=this.#spare,owned=used!==void 0||spare===void 0||spare.
byteLength<size,body=used!==void 0?new Uint8Array(used,0,size):owned?this.#bodyOf(size):new Uint8Array(
spare,0,size);body.set(part),this.#large={header:{type,flags,length,id},body,have:part.length,owned},
this.#start=this.#end=0;return}else return}}reuse({buffer}){let size=buffer.byteLength;buffer===this.#buffer.
buffer||size>65536||size>(this.#spare?.byteLength??0)&&(this.#spare=buffer)}#bodyOf(size){if(this.#buffers===
void 0||size<65536)return new Uint8Array(size);let rounded=Math.ceil(size/65536)*65536;return new Uint8Array(
new ArrayBuffer(rounded),0,size)}#checkStart(at,have){let zero=this.#buffer[at],version=have>1?this.#buffer[at+
1]:2;if(zero!==0){let shown3=this.#buffer.subarray(at,Math.min(this.#end,at+40));throw new FrameError(
"PROTOCOL",\`a frame must start with byte 0, got \${printable(shown3)}\`)}if(version!==2)throw new FrameError(
"VERSION",\`the peer speaks version \${version} of the protocol, this side version \${2}; update \${version<
2?"the peer":"this side"}\`)}};function printable(bytes){return\`"\${Array.from(bytes,byte=>byte>=32&&byte<
127?String.fromCharCode(byte):\`\\\\x\${byte.toString(16).padStart(2,"0")}\`).join("")}"\`}var Stream=class{reader=new FrameReader(4096);#state="none";#heardAt=0;#askedAt=0;#paused=!1;get state(){
return this.#state}get heardAt(){return this.#heardAt}dialled(now){this.#state="hello",this.#askedAt=
now,this.heard(now)}opened(){this.#state="open",this.reader.maxBody=268435456}heard(now){this.#heardAt=
now}pause(){this.#paused=!0}resume(now){this.#paused=!1,this.heard(now)}check(now){if(this.#state!==
"open")return;let silent=now-this.#heardAt;if(!this.#paused&&silent>=3e4)return silent;if(!(now-this.#askedAt<
1e4))return this.#askedAt=now,"ask"}};var Connection=class{#where;#hello;#streams={main:new Stream,output:new Stream};#events=[];#server;#login;#evals=new InFlight;#interrupts=0;#asked=new Set;#closing="\\
no";#goodbyeSent=!1;#farewell;#ended=!1;constructor(where,hello){this.#where=where,this.#hello=hello,
this.#login=new Login(hello.nonce!==void 0)}get server(){return this.#server}get ended(){return this.#ended}hasEnded(id){
return this.#evals.hasEnded(id)}takeEvents(){let events=this.#events;return this.#events=[],events}space(stream){
return this.#streams[stream].reader.space()}dialled(name,now){if(this.#streams[name].dialled(now),name===
"main"){let{client,name:name2,ownProcess,nonce}=this.#hello,body={protocol:2,client,...name2===void 0?
{}:{name:name2},...ownProcess?{process:"own"}:{},...nonce===void 0?{}:{nonce}};this.#login.said(this.#sendControl(
"main",MessageType.CLIENT_HELLO,0,body))}else{let proof=this.#login.outputProof,body={stream_token:this.#server.
stream_token,...proof===void 0?{}:{proof}};this.#sendControl("output",MessageType.OUTPUT_HELLO,0,body)}}proofs(proofs){
this.#ended||(this.#login.computed(proofs),this.#sendControl("main",MessageType.PROOF,0,{proof:proofs.
client}))}received(name,count2,now){if(this.#ended)return;let stream=this.#streams[name];stream.heard(
now);try{for(let frame of stream.reader.filled(count2))if(this.#frame(name,stream,frame),this.#ended)
return}catch(error){if(error instanceof Unproven)return this.#unproven(error.message);if(!(error instanceof
FrameError||error instanceof RuleBroken))throw error;this.#broken(name,error.message,error instanceof
FrameError?error.code:"PROTOCOL")}}lost(name,error){if(this.#ended)return;if(this.#farewell!==void 0){
name==="output"&&this.#farewell.end();return}if(this.#goodbyeSent)return this.#end("CLIENT_CLOSED",void 0);
let stream=this.#streams[name],what=error!==void 0?\`the \${name}stream broke\`:stream.state!=="open"?\`\\
the server closed the \${name}stream before its hello\`+(stream.reader.midFrame?", in the middle of it":
this.#hello.tls?"":NO_TLS):\`the server closed the \${name}stream\`+(stream.reader.midFrame?" in the mi\\
ddle of a message":"");this.#fail("CONNECTION_LOST","ConnectionError",what,error)}notDialled(name,error){
if(!this.#ended){if(error instanceof UntrustedError)return this.#fail("AUTHENTICATION","Authenticati\\
onError","the server is not the one it should be",error);this.#fail("CONNECTION_LOST","ConnectionErr\\
or",\`cannot dial the \${name}stream\`,error)}}evals(bytes){this.#ended||this.#closing!=="no"||this.#depart(
this.#evals.add(bytes,this.#limit))}cancel(id,reason){this.#ended||(this.#evals.takeBack(id)?this.#settleHere(
id):this.#evals.has(id)&&this.#sendControl("main",MessageType.CANCEL,id,{reason}))}interrupt(){this.#ended||
this.#closing==="now"||(this.#interrupts++,this.#sendControl("main",MessageType.INTERRUPT,0,{}))}status(id){
this.#ended||this.#closing==="now"||(this.#asked.add(id),this.#sendControl("main",MessageType.STATUS,
id,{}))}get part(){return this.#streams.main.reader.part}close(drain){if(!(this.#ended||this.#closing===
"now")){if(this.#closing=drain?"drain":"now",this.#streams.main.state!=="open")return this.#end("CLI\\
ENT_CLOSED",void 0);drain||this.#evals.drop(),this.#goodbyeIfDue()}}tick(now){this.#farewell!==void 0&&
now-this.#farewell.since>=2e3&&this.#farewell.end();for(let name of["main","output"]){if(this.#ended)
return;let silent=this.#streams[name].check(now);if(silent==="ask")this.#send(name,frameBytes(MessageType.
PING,0,0,NOTHING2));else if(silent!==void 0){let what=\`nothing came on the \${name}stream for \${Math.
round(silent/1e3)} s, not even the answer to a ping\`;this.#fail("PEER_LOST","ConnectionError",what)}}}paused(name){
this.#streams[name].pause()}resumed(name,now){this.#streams[name].resume(now)}get#limit(){return this.#server.
limits.evals_in_flight}#frame(name,stream,frame){switch(checkAllowed(name,stream.state,frame.type),checkHeader(
frame),frame.type){case MessageType.CHALLENGE:this.#events.push({kind:"challenged",transcript:this.#login.
challenge(frame)});break;case MessageType.SERVER_HELLO:{let hello=readControl(frame,parseServerHello,
4096);this.#login.check(hello),this.#server=hello,stream.opened(),this.#events.push({kind:"opened",hello});
break}case MessageType.OUTPUT_READY:readControl(frame,parseOutputReady),stream.opened(),this.#events.
push({kind:"connected"});break;case MessageType.RESULT:this.#result(frame);break;case MessageType.INTERRUPTED:{
if(this.#interrupts===0)throw new RuleBroken("an INTERRUPTED was not asked for");this.#interrupts--,
this.#events.push({kind:"interrupted",...readControl(frame,parseInterrupted)});break}case MessageType.
RUNNING:{let{id}=frame;if(!this.#evals.has(id))throw new RuleBroken(\`a RUNNING came for request \${id}\\
, which is not in flight\`);this.#events.push({kind:"running",id,...readControl(frame,parseRunning)});
break}case MessageType.STATUS_REPLY:{let{id}=frame;if(!this.#asked.delete(id))throw new RuleBroken(\`\\
a STATUS_REPLY came for \${id}, which was not asked\`);this.#events.push({kind:"status",id,status:readControl(
frame,parseStatus)});break}case MessageType.OUTPUT:if(frame.flags!==1&&frame.flags!==2)throw new RuleBroken(
\`an OUTPUT has the descriptor \${frame.flags}, not 1 or 2\`);this.#evals.checkHasOutput(frame.id),this.#events.
push({kind:"output",id:frame.id,fd:frame.flags,bytes:frame.body}),stream.reader.reuse(frame.body);break;case MessageType.
OUTPUT_END:this.#evals.checkHasOutput(frame.id),this.#evals.endOutputsTo(frame.id),this.#events.push(
{kind:"output_end",id:frame.id}),this.#goodbyeIfDue(),this.#endIfComplete();break;case MessageType.LOG:{
let record=readControl(frame,parseLog);this.#events.push({kind:"log",record,bytes:frame.length});break}case MessageType.
PING:this.#send(name,frameBytes(MessageType.PONG,0,frame.id,NOTHING2));break;case MessageType.PONG:break;case MessageType.
ERROR:{let{code,message}=readControl(frame,parseError);this.#fail(code,classOfCode(code),\`the server\\
 said: \${message}\${this.#login.hint(code)}\`);break}case MessageType.GOODBYE:{let{reason}=readControl(
frame,parseGoodbye),end=()=>{if(this.#goodbyeSent)return this.#end("CLIENT_CLOSED",void 0);let what=\`\\
the server ended the session (\${reason??"no reason given"})\`;this.#fail(reason??"SHUTDOWN","Connecti\\
onError",what)};this.#farewell={end,since:stream.heardAt},this.#endIfComplete();break}}}#result({id,
flags,body,owned}){this.#evals.answered(id);let status=flags&~SILENT_FLAG,isSilent=(flags&SILENT_FLAG)!==
0;if(status>ResultStatus.NAMESPACE_GONE)throw new RuleBroken(\`a RESULT has the status \${status}, whi\\
ch is none\`);isSilent&&this.#evals.endOutput(id),this.#events.push({kind:"result",id,status,body,owned,
isSilent}),this.#depart(this.#evals.next(this.#limit)),this.#goodbyeIfDue()}#depart(evals){if(evals===
void 0)return;let{bytes,last}=evals;this.#send("main",bytes),this.#events.push({kind:"sent",id:last,
bytes:bytes.length})}#settleHere(id){let body=queuedResult();this.#events.push({kind:"result",id,status:ResultStatus.
CANCELLED,body,owned:!0,isSilent:!1}),this.#events.push({kind:"never_sent",id}),this.#goodbyeIfDue()}#goodbyeIfDue(){
this.#closing==="no"||this.#goodbyeSent||this.#closing==="drain"&&!this.#evals.isEmpty||(this.#goodbyeSent=
!0,this.#sendControl("main",MessageType.GOODBYE,0,{drain:this.#closing==="drain"}))}#endIfComplete(){
(this.#closing==="now"||this.#evals.hasAllOutput)&&this.#farewell?.end()}#sendControl(stream,type,id,body){
let bytes=frameBytes(type,0,id,encodeControl(body));return this.#send(stream,bytes),bytes}#send(stream,bytes){
this.#events.push({kind:"send",stream,bytes})}#broken(name,message,code){this.#sendControl(name,MessageType.
ERROR,0,{code,message}),this.#fail(code,"ProtocolError",message)}#unproven(message){this.#sendControl(
"main",MessageType.ERROR,0,{code:"AUTHENTICATION",message}),this.#fail("AUTHENTICATION","Authenticat\\
ionError",message)}#fail(reason,errorClass,why,cause){let doing=this.#server===void 0?\`Cannot open a\\
 session at \${this.#where}\`:this.#streams.output.state!=="open"?\`Cannot connect session \${this.#server.
session_id} at \${this.#where}\`:\`Cannot go on with session \${this.#server.session_id} at \${this.#where}\`,
told=cause instanceof Error?cause.message:cause===void 0?void 0:\`\${cause}\`,message=\`\${doing}: \${why}\${told===
void 0?"":\`: \${told}\`}\`;this.#end(reason,{class:errorClass,message,cause:told})}#end(reason,error){this.#ended||
(this.#ended=!0,this.#evals.drop(),this.#events.push({kind:"closed",reason,error}))}},NO_TLS=" (if i\\
t talks TLS, give the option 'tls')",NOTHING2=new Uint8Array(0);function queuedResult(){let control2=encodeControl(
{how:"queued"}),body=new Uint8Array(4+control2.length);return writeU32(body,0,control2.length),body.
set(control2,4),body}async function proofsOf(token,{hello,challenge}){let algorithm={name:"HMAC",hash:"SHA-256"},bytes=new TextEncoder().
encode(token),key=await crypto.subtle.importKey("raw",bytes,algorithm,!1,["sign"]),proof=async role=>{
let message=proofMessage(role,hello,challenge);return new Uint8Array(await crypto.subtle.sign(algorithm.
name,key,message)).toHex()},[client,server,output]=await Promise.all([proof("client"),proof("server"),
proof("output")]);return{client,server,output}}var PAUSE_BYTES=1024*1024,dial=async(address,tls,signal)=>{signal.throwIfAborted();let{Bun}=globalThis,
transport=new BunTransport(tls!==void 0),connect=async()=>{let connected=Bun.connect({..."path"in address?
{unix:address.path}:address,socket:transport.handlers,...tls===void 0?{}:{tls:{...tls.caCerts.length===
0?{}:{ca:tls.caCerts},...tls.serverName===void 0?{}:{serverName:tls.serverName},rejectUnauthorized:!0}}});
await Promise.all([connected,transport.secured])};try{return await unlessAborted(signal,connect(),()=>transport.
close()),transport}catch(error){throw transport.close(),error}};function handshakeError(error){let why=error?.
message??"no reason was given";if(!/^(EPROTO|ECONN)/.test(error?.code??""))return new UntrustedError(
why);let hint=why.includes("WRONG_VERSION_NUMBER")?" (the server does not talk TLS)":"";return new Error(
\`the TLS handshake failed: \${why}\${hint}\`)}var BunTransport=class{#socket;written=0;#chunks=[];#waiting=0;#paused=!1;#closed=!1;#ended=!1;#error;#onData;#onDrain;#handshake;handlers={
open:socket=>{this.#socket=socket,socket.setNoDelay(!0),this.#closed&&socket.end()},handshake:(_socket,ok,error)=>{
ok?this.#handshake?.resolve():this.#handshake?.reject(handshakeError(error))},data:(socket,bytes)=>{
this.#chunks.push(bytes.slice()),this.#waiting+=bytes.length,this.#waiting>PAUSE_BYTES&&!this.#paused&&
(this.#paused=!0,socket.pause()),this.#onData?.()},drain:()=>this.#onDrain?.(),end:()=>this.#over(void 0),
close:(_socket,error)=>this.#over(error),error:(_socket,error)=>this.#over(error),connectError:()=>{}};get secured(){
return this.#handshake?.promise}constructor(isTls){isTls&&(this.#handshake=Promise.withResolvers())}#over(error){
let why=error instanceof Error?error.message:"the server closed the connection";this.#handshake?.reject(
new Error(\`the TLS handshake failed: \${why}\`,{cause:error})),this.#ended=!0,this.#error??=error,this.#onData?.(),
this.#onDrain?.()}async read(into){for(;this.#chunks.length===0;){if(this.#error!==void 0)throw this.#error;
if(this.#ended||this.#closed)return null;await new Promise(resolve=>this.#onData=resolve),this.#onData=
void 0}let at=0;for(;at<into.length&&this.#chunks.length>0;){let chunk=this.#chunks[0],part=chunk.subarray(
0,into.length-at);into.set(part,at),at+=part.length,part.length===chunk.length?this.#chunks.shift():
this.#chunks[0]=chunk.subarray(part.length)}return this.#waiting-=at,this.#paused&&this.#waiting<=PAUSE_BYTES/
2&&(this.#paused=!1,this.#socket.resume()),at}async write(bytes){let at=0;for(;;){if(this.#closed||this.#ended)
throw this.#error??new Error("the connection is closed");let count2=this.#socket.write(bytes.subarray(
at));if(count2<0)throw this.#error??new Error("the connection is closed");if(at+=count2,this.written+=
count2,at>=bytes.length)return;await new Promise(resolve=>this.#onDrain=resolve),this.#onDrain=void 0}}close(){
this.#closed||(this.#closed=!0,this.#socket?.end(),this.#over(void 0))}};var dial2=async(address,tls,signal)=>{if(signal.throwIfAborted(),"path"in address)return new DenoTransport(
await Deno.connect({transport:"unix",path:address.path}));let connection=await Deno.connect({...address,
signal});try{return connection.setNoDelay(!0),tls===void 0?new DenoTransport(connection):new DenoTransport(
await secure(connection,address.hostname,tls,signal))}catch(error){throw close(connection),error}};async function secure(connection,hostname,{
caCerts,serverName},signal){let secured=await Deno.startTls(connection,{hostname:serverName??hostname,
caCerts});try{return await unlessAborted(signal,secured.handshake(),()=>close(secured)),secured}catch(error){
close(secured),signal.throwIfAborted();let why=error instanceof Error?error.message:String(error);if(why.
includes("certificate"))throw new UntrustedError(why,{cause:error});let hint=why.includes("InvalidCo\\
ntentType")?" (the server does not talk TLS)":"";throw new Error(\`the TLS handshake failed: \${why}\${hint}\`,
{cause:error})}}function close(connection){try{connection.close()}catch(error){if(!(error instanceof
Deno.errors.BadResource))throw error}}var DenoTransport=class{#connection;#closed=!1;written=0;constructor(connection){
this.#connection=connection}read(into){return this.#connection.read(into)}async write(bytes){let at=0;
for(;at<bytes.length;){let count2=await this.#connection.write(bytes.subarray(at));at+=count2,this.written+=
count2}}close(){this.#closed||(this.#closed=!0,close(this.#connection))}};var dial3="Deno"in globalThis?dial2:dial;function alarm(ms,run){let signal=AbortSignal.timeout(ms);return signal.addEventListener("abort",run,
{once:!0}),()=>signal.removeEventListener("abort",run)}var EvalTimers=class{#expired;#timers=new Map;constructor(expired){this.#expired=expired}start(timeouts){
for(let[id,ms]of timeouts){let timer=setTimeout(()=>{this.#timers.delete(id),this.#expired(id)},ms);
this.#timers.set(id,timer)}}stop(id){this.#timers.size!==0&&(clearTimeout(this.#timers.get(id)),this.#timers.
delete(id))}stopAll(){for(let timer of this.#timers.values())clearTimeout(timer);this.#timers.clear()}};var MAX_COPIED_BYTES=32*1024,GATHER_BYTES=64*1024,JOINED_BYTES=96*1024,FIRST_BYTES2=2*1024,Outbox=class{#transport;#onError;#buffers;#writeBytes;#queue=[];#spare;#waiting=0;#writing=!1;#broken=!1;#idle;#below=[];constructor(transport,onError,{
buffers,writeBytes=262144}={}){this.#transport=transport,this.#onError=onError,this.#buffers=buffers,
this.#writeBytes=writeBytes}get waiting(){return this.#waiting}send(bytes,done){let{length}=bytes;if(!(this.#broken||
length===0)){if(length<=MAX_COPIED_BYTES){let piece=this.#room(length);copyFew(bytes,piece.buffer,piece.
length),piece.length+=length}else this.#queue.push({buffer:bytes,length,begun:0,isGathered:!1,done});
this.#waiting+=length,this.flush()}}sendFrame(type,flags,id,body,done){this.gatherFrame(type,flags,id,
body,done),this.flush()}gatherFrame(type,flags,id,body,done){if(this.#broken)return;let{length}=body,
isSmall=length<=MAX_COPIED_BYTES,piece=this.#room(12+(isSmall?length:0));writeHeader(piece.buffer,piece.
length,type,flags,length,id),piece.length+=12,isSmall?(copyFew(body,piece.buffer,piece.length),piece.
length+=length):this.#queue.push({buffer:body,length,begun:0,isGathered:!1,done}),this.#waiting+=12+
length}flush(){!this.#writing&&this.#queue.length>0&&this.#pump()}idle(){return this.flush(),this.#writing?
(this.#idle??=Promise.withResolvers(),this.#idle.promise):Promise.resolve()}below(bytes){if(this.#waiting<=
bytes||this.#broken)return Promise.resolve();this.flush();let resolvers=Promise.withResolvers();return this.#below.
push({bytes,resolvers}),resolvers.promise}#room(length){let last=this.#queue.at(-1);if(last?.isGathered){
let needed=last.length+length;if(needed<=last.buffer.length)return last;if(needed<=GATHER_BYTES){let larger=new Uint8Array(
Math.min(GATHER_BYTES,Math.max(needed,2*last.length)));return larger.set(last.buffer.subarray(0,last.
length)),last.buffer=larger,last}}let buffer=this.#spare;this.#spare=void 0,(buffer===void 0||buffer.
length<length)&&(buffer=new Uint8Array(Math.max(length,FIRST_BYTES2)));let piece={buffer,length:0,begun:0,
isGathered:!0,done:void 0};return this.#queue.push(piece),piece}async#pump(){this.#writing=!0,await void 0;
try{for(let piece=this.#queue.shift();piece!==void 0;piece=this.#queue.shift()){let next=this.#queue[0];
piece.isGathered&&next?.isGathered===!1&&this.#buffers!==void 0?await this.#writeJoined(piece,next,this.#buffers):
await this.#write(piece),piece.isGathered&&this.#keep(piece.buffer),piece.done?.()}}catch(error){this.#broken=
!0,this.#queue.length=0,this.#spare=void 0,this.#waiting=0,this.#onError(error)}finally{this.#writing=
!1,this.#wake(),this.#idle?.resolve(),this.#idle=void 0}}async#writeJoined(small,large,buffers){large.
begun=Math.min(large.length,JOINED_BYTES);let length=small.length+large.begun,joined=buffers.borrow(
length);joined.set(small.buffer.subarray(0,small.length)),joined.set(large.buffer.subarray(0,large.begun),
small.length),await this.#transport.write(joined),buffers.give(joined.buffer),this.#waiting-=length,
this.#wake()}async#write({buffer,length,begun}){for(let at=begun;at<length;at+=this.#writeBytes){let end=Math.
min(length,at+this.#writeBytes),isAll=end-at===buffer.length;await this.#transport.write(isAll?buffer:
buffer.subarray(at,end)),this.#waiting-=end-at,this.#wake()}}#keep(buffer){(buffer.length<=FIRST_BYTES2||
this.#queue.length>0)&&(this.#spare=buffer)}#wake(){this.#below.length!==0&&(this.#below=this.#below.
filter(({bytes,resolvers})=>this.#waiting>bytes&&!this.#broken?!0:(resolvers.resolve(),!1)))}};var OpenStreams=class{#streams={};add(name,transport,lost){this.#streams[name]={transport,outbox:new Outbox(
transport,lost)}}send(name,bytes,done){this.#streams[name]?.outbox.send(bytes,done)}get written(){return this.#streams.
main?.transport.written??0}async close(){let streams=Object.values(this.#streams),written=Promise.all(
streams.map(({outbox})=>outbox.idle())),deadline=Promise.withResolvers(),stopWaiting=alarm(2e3,deadline.
resolve);await Promise.race([written,deadline.promise]),stopWaiting();for(let{transport}of streams)transport.
close()}};var OutputPause=class{#resume;#since;async begin(){this.#since=performance.now(),await new Promise(resolve=>this.#resume=
resolve),this.#since=void 0}end(){this.#resume?.(),this.#resume=void 0}get seconds(){return this.#since===
void 0?0:Math.round((performance.now()-this.#since)/1e3)}};var ProgressWatch=class{#watched=new Map;#given=0;get isEmpty(){return this.#watched.size===0}add(ids,batch){
if(ids.length!==0)for(let{id,size}of evalFrames(batch))ids.includes(id)&&this.#watched.set(id,{start:void 0,
sent:0,sentTotal:size,received:0,receivedTotal:void 0})}given(frames){if(!this.isEmpty&&frames[2]===
MessageType.EVAL)for(let{id,at}of evalFrames(frames)){let watched=this.#watched.get(id);watched!==void 0&&
(watched.start=this.#given+at)}this.#given+=frames.length}moved(written,part){let moved=[];for(let[id,
watched]of this.#watched){let{start,sentTotal}=watched,sent=start===void 0?0:Math.min(sentTotal,Math.
max(0,written-start)),isComing=part?.type===MessageType.RESULT&&part.id===id,received=isComing?part.
have:watched.received;sent===watched.sent&&received===watched.received||(watched.sent=sent,watched.received=
received,isComing&&(watched.receivedTotal=part.length),moved.push([id,plain(watched)]))}return moved}finish(id,length){
let watched=this.#watched.get(id);if(watched===void 0)return;this.#watched.delete(id);let{start,sentTotal}=watched;
return{sent:start===void 0?0:sentTotal,sentTotal,received:length,receivedTotal:length}}};function plain({
sent,sentTotal,received,receivedTotal}){return{sent,sentTotal,received,receivedTotal}}function*evalFrames(batch){
for(let at=0;at<batch.length;){let size=12+readU32(batch,at+4);yield{id:readU32(batch,at+8),at,size},
at+=size}}var PROGRESS_INTERVAL_MS=100,ProgressReports=class{#post;#watch=new ProgressWatch;#timer;constructor(post2){
this.#post=post2}add(ids,bytes){this.#watch.add(ids,bytes)}given(bytes){this.#watch.given(bytes)}finish(id,length){
let progress=this.#watch.finish(id,length);progress!==void 0&&this.#post({kind:"progress",id,progress})}update(streams,connection){
if(this.#watch.isEmpty)return this.stop();this.#timer??=setInterval(()=>{for(let[id,progress]of this.#watch.
moved(streams.written,connection.part))this.#post({kind:"progress",id,progress})},PROGRESS_INTERVAL_MS)}stop(){
this.#timer!==void 0&&(clearInterval(this.#timer),this.#timer=void 0)}};var KEPT_BYTES2=64*1024,ResultBatch=class{#bytes=new Uint8Array(1024);#length=0;add(id,status,body){
let{length}=body,at=this.#length,end=at+12+length;end>this.#bytes.length&&this.#grow(end),writeHeader(
this.#bytes,at,MessageType.RESULT,status,length,id),copyFew(body,this.#bytes,at+12),this.#length=end}take(){
if(this.#length===0)return;let taken=this.#bytes.slice(0,this.#length);return this.#length=0,this.#bytes.
length>KEPT_BYTES2&&(this.#bytes=new Uint8Array(KEPT_BYTES2)),taken}#grow(needed){let larger=new Uint8Array(
Math.max(needed,2*this.#bytes.length));larger.set(this.#bytes.subarray(0,this.#length)),this.#bytes=
larger}};var LARGE_RESULT_BYTES=32*1024,ResultPosts=class{#post;#batch=new ResultBatch;constructor(post2){this.#post=
post2}add(id,status,body,owned){if(body.length<=LARGE_RESULT_BYTES)return this.#batch.add(id,status,
body);let own=owned?body:body.slice();this.#post({kind:"result",id,status,body:own},[own.buffer])}flush(){
let bytes=this.#batch.take();bytes!==void 0&&this.#post({kind:"results",bytes},[bytes.buffer])}};var SentReports=class{#evals;#bytes;#reportedId=0;#unreportedBytes=0;constructor(evals,bytes){this.#evals=
evals,this.#bytes=bytes}isDue(id,bytes){return this.#unreportedBytes+=bytes,id-this.#reportedId<this.#evals&&
this.#unreportedBytes<this.#bytes?!1:(this.#reportedId=id,this.#unreportedBytes=0,!0)}};var CreditedItems=class{#items=[];#bytes=0;#credit=16384;get full(){return this.#bytes>=2080768}push(item){
this.#items.push(item),this.#bytes+=sizeOf(item)}giveCredit(bytes){this.#credit+=bytes}take(everything){
let count2=0;for(;count2<this.#items.length&&(everything||this.#credit>0);){let size=sizeOf(this.#items[count2++]);
this.#credit-=size,this.#bytes-=size}return this.#items.splice(0,count2)}};function sizeOf(item){return item.
kind==="chunk"?item.bytes.length:item.kind==="log"?item.size:0}var KeptLogs=class{#records=[];#bytes=0;#dropped=0;add(record,size){for(this.#records.push({record,size}),
this.#bytes+=size;this.#records.length>1e3||this.#bytes>1048576;)this.#bytes-=this.#records.shift().
size,this.#dropped++}take(){let records=this.#records;if(this.#dropped>0){let{ts,session_id}=records[0].
record,msg=\`\${this.#dropped} older records were dropped because nobody read them\`;records.unshift({record:{
level:"warn",ts,msg,session_id},size:64})}return this.#records=[],this.#bytes=this.#dropped=0,records}};var Blocks=class{size;#spare=[];constructor(perEval){this.size=Math.min(65536,Math.max(4096,perEval>>
3))}take(){return this.#spare.pop()??new Uint8Array(this.size)}giveBack(buffer){buffer.length===this.
size&&this.#spare.length<4&&this.#spare.push(buffer)}},KeptOutput=class{#blocks;#chunks=[];#cost=0;constructor(blocks){
this.#blocks=blocks}get cost(){return this.#cost}get isEmpty(){return this.#chunks.length===0}add(fd,bytes){
for(let at=0;at<bytes.length;){let chunk=this.#room(fd,bytes.length-at),part=bytes.subarray(at,at+chunk.
buffer.length-chunk.length);chunk.buffer.set(part,chunk.length),chunk.length+=part.length,at+=part.length}}dropOldest(){
let{buffer,length}=this.#chunks.shift();return this.#cost-=buffer.length+64,this.#blocks.giveBack(buffer),
length}pieces(){return this.#chunks.map(({fd,buffer,length})=>({fd,bytes:buffer.slice(0,length)}))}clear(){
for(;!this.isEmpty;)this.dropOldest()}#room(fd,wanted){let{size}=this.#blocks,last=this.#chunks.at(-1);
if(last?.fd===fd&&last.length<size){let needed=Math.min(size,last.length+wanted);if(needed>last.buffer.
length){let buffer2=this.#buffer(Math.max(needed,Math.min(size,2*last.buffer.length)));buffer2.set(last.
buffer.subarray(0,last.length)),this.#cost+=buffer2.length-last.buffer.length,last.buffer=buffer2}return last}
let buffer=last?.fd===fd?this.#blocks.take():this.#buffer(Math.min(size,wanted)),chunk={fd,buffer,length:0};
return this.#chunks.push(chunk),this.#cost+=buffer.length+64,chunk}#buffer(bytes){return bytes===this.#blocks.
size?this.#blocks.take():new Uint8Array(bytes)}};var DROP_REPORT_BYTES=1024*1024,UnreadOutput=class{#perEval;#perSession;#blocks;#evals=new Map;#open=new Set;#cost=0;#hasEnded;#neverSent=new Set;#allWatched=!1;#logsWatched=!1;#logs=new KeptLogs;#out=new CreditedItems;#drops=[];constructor(limits,hasEnded){
this.#hasEnded=hasEnded,this.#perEval=limits.perEval,this.#perSession=limits.perSession,this.#blocks=
new Blocks(limits.perEval)}get full(){return this.#out.full}output(id,fd,bytes){if(bytes.length===0)
return;let output=this.#outputOf(id);if(output.watched||this.#allWatched){let to={eval:output.watched,
all:this.#allWatched};this.#out.push({kind:"chunk",id,fd,bytes:bytes.slice(),to})}output.watched||this.#keep(
id,output,fd,bytes)}end(id){for(let key of this.#open)key<=id&&this.#end(key)}silent(id){this.#open.
has(id)&&this.#end(id)}neverSent(id){for(let never of this.#neverSent){if(!this.#hasEnded(never))break;
this.#neverSent.delete(never)}this.#open.has(id)&&this.#end(id),this.#neverSent.add(id)}log(record,size){
this.#logsWatched?this.#out.push({kind:"log",record,size}):this.#logs.add(record,size)}watch(what,on){
what==="logs"?this.#watchLogs(on):what==="all"?this.#watchAll(on):this.#watchEval(what,on)}giveCredit(bytes){
this.#out.giveCredit(bytes)}has(id){return this.#evals.has(id)}settled(id,now){let output=this.#evals.
get(id);output!==void 0&&(output.settledAt=now)}tick(now){for(let[id,output]of this.#evals)if(!(output.
watched||!output.ended)&&(output.settledAt??=now,!(now-output.settledAt<6e4))){for(;!output.kept.isEmpty;)
this.#dropOldest(output);this.#report(id,output),this.#evals.delete(id)}}take(everything=!1){return this.#out.
take(everything)}takeDrops(){let drops=this.#drops;return this.#drops=[],drops}#outputOf(id){let output=this.#evals.
get(id);return output===void 0&&(output={kept:new KeptOutput(this.#blocks),dropped:0,reported:0,watched:!1,
ended:!1,settledAt:void 0},this.#evals.set(id,output),this.#open.add(id)),output}#end(id){this.#open.
delete(id);let output=this.#evals.get(id);if(output.ended=!0,this.#report(id,output),output.watched||
this.#allWatched){let to={eval:output.watched,all:this.#allWatched};this.#out.push({kind:"end",id,to})}
(output.watched||output.kept.isEmpty)&&this.#evals.delete(id)}#keep(id,output,fd,bytes){let{kept}=output,
before=kept.cost;for(kept.add(fd,bytes),this.#cost+=kept.cost-before;kept.cost>this.#perEval;)this.#dropOldest(
output);for(;this.#cost>this.#perSession;){let oldest=this.#oldestUnread();if(oldest===void 0)break;
this.#dropOldest(oldest[1]),oldest[0]!==id&&this.#reportIfMuch(...oldest)}this.#reportIfMuch(id,output)}#oldestUnread(){
for(let pair of this.#evals)if(!pair[1].kept.isEmpty)return pair}#dropOldest(output){let before=output.
kept.cost;output.dropped+=output.kept.dropOldest(),this.#cost+=output.kept.cost-before}#reportIfMuch(id,output){
output.dropped-output.reported>=DROP_REPORT_BYTES&&this.#report(id,output)}#report(id,output){output.
dropped!==output.reported&&(output.reported=output.dropped,this.#drops.push({id,bytes:output.dropped}))}#watchEval(id,on){
if(!on){let output=this.#evals.get(id);output!==void 0&&(output.watched=!1);return}let known=this.#evals.
get(id),ended=known?.ended??(this.#hasEnded(id)||this.#neverSent.has(id)),to={eval:!0,all:!1};if(known!==
void 0){this.#report(id,known);for(let{fd,bytes}of known.kept.pieces())this.#out.push({kind:"chunk",
id,fd,bytes,to});this.#cost-=known.kept.cost,known.kept.clear()}ended?(this.#out.push({kind:"end",id,
to}),this.#evals.delete(id)):this.#outputOf(id).watched=!0}#watchAll(on){if(this.#allWatched=on,!on)
return;let to={eval:!1,all:!0};for(let[id,output]of this.#evals){for(let{fd,bytes}of output.kept.pieces())
this.#out.push({kind:"chunk",id,fd,bytes,to});output.ended&&this.#out.push({kind:"end",id,to})}}#watchLogs(on){
if(this.#logsWatched=on,!!on)for(let{record,size}of this.#logs.take())this.#out.push({kind:"log",record,
size})}};var TICK_MS=1e3,MIN_USED_BUFFER_BYTES=256*1024,Engine=class{#post;#dial;#options;#connection;#output;#results;#streams=new OpenStreams;#dialling=new AbortController;#connectsNext=!1;#timers;#progress;#sentReports;#pause=new OutputPause;#batch;#stopTicks;#stopClosing;constructor(options,post2,dialStream=dial3){
this.#post=post2,this.#dial=dialStream,this.#options=options,this.#connection=new Connection(formatAddress(
options.address),{client:\`pyproxy-js/\${VERSION}\`,name:options.name,ownProcess:options.ownProcess,nonce:options.
token===void 0?void 0:newNonce(),tls:options.tls!==void 0}),this.#output=new UnreadOutput({perEval:options.
unreadOutputPerEval,perSession:options.unreadOutputPerSession},id=>this.#connection.hasEnded(id)),this.#timers=
new EvalTimers(id=>this.#expired(id)),this.#results=new ResultPosts(post2),this.#progress=new ProgressReports(
post2),this.#sentReports=new SentReports(options.sentReportEvals,options.sentReportBytes),this.#run(
"main",options.address)}message(message){switch(message.kind){case"connect":this.#connection.server===
void 0?this.#connectsNext=!0:this.#connect();break;case"evals":this.#timers.start(message.timeouts),
this.#progress.add(message.watched,message.bytes),message.bytes.length>MIN_USED_BUFFER_BYTES&&(this.#batch=
message.bytes),this.#connection.evals(message.bytes);break;case"cancel":this.#connection.cancel(message.
id,"cancel");break;case"interrupt":this.#connection.interrupt();break;case"status":this.#connection.
status(message.id);break;case"never_sent":this.#output.neverSent(message.id);break;case"watch":this.#output.
watch(message.what,message.on);break;case"credit":this.#output.giveCredit(message.bytes);break;case"\\
close":this.#close(message.drain);break;case"ping":this.#post({kind:"pong"});break;default:throw new TypeError(
\`there is no message of kind '\${message.kind}'\`)}this.#work(),this.#batch=void 0}#connect(){try{let{
output_addr}=this.#connection.server;this.#run("output",outputAddress(output_addr,this.#options.address))}catch(error){
this.#connection.notDialled("output",error)}}async#prove(transcript){this.#connection.proofs(await proofsOf(
this.#options.token,transcript)),this.#work()}async#run(name,address){try{let transport;try{transport=
await this.#dial(address,this.#options.tls,this.#dialling.signal)}catch(error){this.#connection.notDialled(
name,error);return}if(this.#connection.ended)return transport.close();this.#streams.add(name,transport,
error=>{this.#connection.lost(name,error),this.#work()}),this.#connection.dialled(name,performance.now()),
this.#work(),await this.#read(name,transport)}finally{this.#work()}}async#read(name,transport){for(;!this.#connection.
ended;){let count2;try{count2=await transport.read(this.#connection.space(name))}catch(error){return this.#connection.
lost(name,error)}if(count2===null)return this.#connection.lost(name);this.#connection.received(name,
count2,performance.now()),this.#work(),name==="output"&&this.#output.full&&!this.#connection.ended&&
(this.#connection.paused("output"),await this.#pause.begin(),this.#connection.resumed("output",performance.
now()))}}#work(){let isOpened=!1;for(let event of this.#connection.takeEvents())switch(event.kind){case"\\
send":event.stream==="main"&&this.#progress.given(event.bytes),this.#streams.send(event.stream,event.
bytes,this.#doneWith(event.bytes));break;case"result":this.#output.has(event.id)&&this.#output.settled(
event.id,performance.now()),this.#progress.finish(event.id,event.body.length),this.#timers.stop(event.
id),event.isSilent&&this.#output.silent(event.id),this.#results.add(event.id,event.status,event.body,
event.owned);break;case"output":this.#output.output(event.id,event.fd,event.bytes);break;case"output\\
_end":this.#output.end(event.id);break;case"never_sent":this.#output.neverSent(event.id);break;case"\\
log":event.record.event!==void 0&&this.#post({kind:"log_event",record:event.record}),this.#output.log(
event.record,event.bytes);break;case"challenged":this.#prove(event.transcript);break;case"opened":this.#post(
event),isOpened=!0;break;case"connected":case"interrupted":case"running":case"status":this.#post(event);
break;case"sent":this.#sentReports.isDue(event.id,event.bytes)&&this.#post({kind:"sent",id:event.id});
break;case"closed":this.#results.flush(),this.#end(event);return;default:}this.#results.flush(),this.#postOutput(),
this.#connection.ended||this.#progress.update(this.#streams,this.#connection),this.#output.full||this.#pause.
end(),isOpened&&(this.#connectsNext&&this.message({kind:"connect"}),this.#connection.ended||(this.#stopTicks=
alarm(TICK_MS,()=>this.#tick())))}#postOutput(everything=!1){for(let{id,bytes}of this.#output.takeDrops())
this.#post({kind:"dropped",id,bytes});let items=this.#output.take(everything);items.length>0&&this.#post(
{kind:"output",items})}#doneWith(bytes){let batch=this.#batch;if(bytes===batch)return()=>this.#post(
{kind:"used",buffer:batch.buffer},[batch.buffer])}#expired(id){this.#post({kind:"expired",id}),this.#connection.
cancel(id,"timeout"),this.#work()}#tick(){this.#stopTicks=alarm(TICK_MS,()=>this.#tick());let{seconds}=this.#pause;
seconds>0&&this.#post({kind:"reader_slow",seconds}),this.#connection.tick(performance.now()),this.#output.
tick(performance.now()),this.#work()}#close(drain){this.#connection.close(drain),!(drain||this.#stopClosing!==
void 0)&&(this.#stopClosing=alarm(2e3,()=>{this.#connection.lost("main"),this.#work()}))}async#end(event){
this.#postOutput(!0),this.#stopTicks?.(),this.#stopClosing?.(),this.#progress.stop(),this.#timers.stopAll(),
this.#dialling.abort(),this.#pause.end(),await this.#streams.close(),this.#post(event)}};var scope=self,engine;scope.onmessage=({data})=>{try{data.kind==="open"?engine=new Engine(data,post):
engine.message(data)}catch(error){fatal(error)}};scope.onmessageerror=()=>fatal(new Error("a message\\
 could not be read"));scope.addEventListener("error",event=>{event.preventDefault(),fatal(event.error)});
scope.addEventListener("unhandledrejection",event=>{event.preventDefault(),fatal(event.reason)});function post(message,transfer){
transfer===void 0?scope.postMessage(message):scope.postMessage(message,transfer)}function fatal(error){
let message=error instanceof Error?\`\${error.name}: \${error.message}\`:String(error);post({kind:"fatal",
message,stack:error instanceof Error?error.stack??"":""})}
`;
