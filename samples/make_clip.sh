#!/usr/bin/env bash
# Makes samples/clip.mp4 with ffmpeg alone: a landscape panned in two layers, grass texture, a
# fence of fine lines, a rolling wheel, a bouncing ball, and a tone.
set -euo pipefail
cd "$(dirname "$0")"

rate=24000/1001
seconds=4.004  # 96 frames

# Still layers are drawn once at twice the size and reduced, which smooths their edges.
still="format=rgba,scale=iw/2:ih/2:flags=area,loop=loop=-1:size=1:start=0,setpts=N/($rate)/TB"
distance="hypot(X-W/2,Y-H/2)"
far="(170+40*sin(X/93)+24*sin(X/41+1))"
near="(372+30*sin(X/150)+14*sin(X/67+2))"
fence="lt(mod(X,22),5)*gt(Y,$near-64)+lt(abs(Y-$near+46),3)+lt(abs(Y-$near+22),3)"
rock="sin(X/9+Y/5)*sin(Y/11)+sin(X/4-Y/7)*sin(Y/6)"
grass="(0.72+0.5*random(1))*(1-0.4*(Y-$near)/150)"
star="gt(sin(24*atan2(Y-H/2,X-W/2)),0)"
checker="gt(sin(X/7)*sin(Y/7),0)"
light="clip(1.25-hypot(X-W*0.36,Y-H*0.32)/W,0.25,1)"

ffmpeg -hide_banner -loglevel error -y -filter_complex_threads 1 -filter_complex "
  color=s=896x512:r=$rate:d=0.04,format=rgb24,geq=
    r='70+150*Y/H+135*exp(-hypot(X-690,Y-110)/46)+14*sin(X/60+3*sin(Y/31))*sin(Y/19)':
    g='120+100*Y/H+95*exp(-hypot(X-690,Y-110)/46)+14*sin(X/60+3*sin(Y/31))*sin(Y/19)':
    b='205+20*Y/H-60*exp(-hypot(X-690,Y-110)/46)+8*sin(X/60+3*sin(Y/31))*sin(Y/19)',
    $still[sky];
  color=s=1200x512:r=$rate:d=0.04,format=rgba,geq=
    r='84+16*$rock':g='104+16*$rock':b='132+16*$rock':
    a='255*gt(Y,$far)',
    $still[far];
  color=s=1600x512:r=$rate:d=0.04,format=rgba,geq=
    r='if(gt(Y,$near),92*$grass,208)':g='if(gt(Y,$near),148*$grass,192)':
    b='if(gt(Y,$near),58*$grass,160)':a='255*gt(gt(Y,$near)+$fence,0)',
    $still[near];
  color=s=148x148:r=$rate:d=0.04,format=rgba,geq=
    r='if(gt($distance,62),40,40+200*$star)':g='if(gt($distance,62),40,30+120*$star)':
    b='if(gt($distance,62),48,30+10*$star)':a='255*lt($distance,72)',
    $still,rotate=a='1.7*t':c=none[wheel];
  color=s=104x104:r=$rate:d=0.04,format=rgba,geq=
    r='$light*(40+200*$checker)':g='$light*(60+180*$checker)':b='$light*(200-20*$checker)':
    a='255*lt($distance,50)',
    $still[ball];
  [sky][far]overlay=x='-24*t':y=0:format=rgb[a];
  [a][near]overlay=x='-60*t':y=0:format=rgb[b];
  [b][wheel]overlay=x='-90+124*t':y='150+4*sin(2*t)':format=rgb[c];
  [c][ball]overlay=x='400-96*t':y='176-130*abs(sin(2.4*t+0.4))':format=rgb,
    trim=end_frame=96,scale=out_color_matrix=bt601:out_range=tv,format=yuv420p[v];
  aevalsrc=0.2*sin(2*PI*220*t)*(1+0.3*sin(2*PI*3*t))+0.1*sin(2*PI*(440+40*t)*t):s=48000,
    atrim=duration=$seconds[s]" \
  -map '[v]' -map '[s]' -c:v libx264 -preset veryslow -crf 17 -r $rate \
  -colorspace smpte170m -color_primaries smpte170m -color_trc smpte170m -color_range tv \
  -c:a aac -b:a 96k -map_metadata -1 -fflags +bitexact -flags:v +bitexact -flags:a +bitexact \
  -movflags +faststart clip.mp4
